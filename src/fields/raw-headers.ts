/**
 * Header fields as they stand on the wire: name, value, name, value … Order, spelling and repetition are kept.
 * The shape of `IncomingMessage.rawHeaders`, and what `ServerResponse.writeHead` takes as it is.
 */
export type RawHeaders = string[];

/** A set of field names in lower case. */
interface Names {
  has(lower: string): boolean;
}

/** What can be asked of such a list and done with it. `lower`: the name of a field in lower case. */
export const RawHeaders = {
  /** Whether there is a field of that name. */
  has(headers: Readonly<RawHeaders>, lower: string): boolean {
    return find(headers, lower, 0) !== -1;
  },

  /** The value of the first field of that name; undefined when there is none. */
  get(headers: Readonly<RawHeaders>, lower: string): string | undefined {
    const at = find(headers, lower, 0);
    return at === -1 ? undefined : headers[at + 1];
  },

  /** Whether there is more than one field of that name: recipients differ in which of them they read. */
  repeats(headers: Readonly<RawHeaders>, lower: string): boolean {
    const first = find(headers, lower, 0);
    return first !== -1 && find(headers, lower, first + 2) !== -1;
  },

  /** Puts a field at the end, in place of all of its name. */
  set(headers: RawHeaders, name: string, value: string): void {
    RawHeaders.remove(headers, name.toLowerCase());
    headers.push(name, value);
  },

  /** Takes all fields of that name out, in place. */
  remove(headers: RawHeaders, lower: string): void {
    let at = find(headers, lower, 0);
    if (at === -1) return;
    let kept = at;
    for (at += 2; at < headers.length; at += 2) if (!isNamed(headers[at]!, lower)) kept = keep(headers, at, kept);
    headers.length = kept;
  },

  /** Takes all fields out whose names are among `names`, in place. */
  removeAll(headers: RawHeaders, names: Names): void {
    let kept = 0;
    for (let at = 0; at < headers.length; at += 2) {
      if (!names.has(headers[at]!.toLowerCase())) kept = keep(headers, at, kept);
    }
    headers.length = kept;
  },

  /** Each field as a pair of name and value. */
  pairs(headers: Readonly<RawHeaders>): [name: string, value: string][] {
    const pairs: [string, string][] = [];
    for (let at = 0; at < headers.length; at += 2) pairs.push([headers[at]!, headers[at + 1]!]);
    return pairs;
  },

  /** The field lines of an HTTP/1.1 head (RFC 9112 §5), each with its line end. */
  lines(headers: Readonly<RawHeaders>): string {
    let lines = '';
    for (let at = 0; at < headers.length; at += 2) lines += `${headers[at]}: ${headers[at + 1]}\r\n`;
    return lines;
  },
} as const;

/** The place of the next field of that name; -1 when there is none. */
function find(headers: Readonly<RawHeaders>, lower: string, from: number): number {
  for (let at = from; at < headers.length; at += 2) if (isNamed(headers[at]!, lower)) return at;
  return -1;
}

/** Lengths tell most names apart without a copy in lower case. */
function isNamed(name: string, lower: string): boolean {
  return name.length === lower.length && name.toLowerCase() === lower;
}

/** Moves a field to the end of those that are kept; gives the new end. */
function keep(headers: RawHeaders, at: number, kept: number): number {
  headers[kept] = headers[at]!;
  headers[kept + 1] = headers[at + 1]!;
  return kept + 2;
}
