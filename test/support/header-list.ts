/** Header fields as on the wire: name, value, name, value … */
export type HeaderList = readonly string[];

/** The values of a field in a raw header list, in order; the name's case does not matter. */
export function valuesOf(headers: HeaderList, name: string): string[] {
  const wanted = name.toLowerCase();
  return headers.filter((_value, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === wanted);
}

/** The only or first value of a field in a raw header list; undefined when it is missing. */
export function valueOf(headers: HeaderList, name: string): string | undefined {
  return valuesOf(headers, name)[0];
}

/** The names in a raw header list, in order and as spelled. */
export function namesOf(headers: HeaderList): string[] {
  return headers.filter((_value, index) => index % 2 === 0);
}

/** A raw header list from a list or from an object (an array of values repeats the field). */
export function headerList(headers: HeaderList | Readonly<Record<string, string | readonly string[]>> = []): string[] {
  if (isList(headers)) return [...headers];
  return Object.entries(headers).flatMap(([name, value]) => [value].flat().flatMap(one => [name, one]));
}

function isList(headers: HeaderList | Readonly<Record<string, string | readonly string[]>>): headers is HeaderList {
  return Array.isArray(headers);
}
