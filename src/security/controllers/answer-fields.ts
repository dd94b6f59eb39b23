import { RawHeaders } from '../../fields/raw-headers.js';

/** Raw fields by their names in lower case, for platforms that set the fields of one name at once. */
export function fieldsOf(headers: RawHeaders): ReadonlyMap<string, string | readonly string[]> {
  const fields = new Map<string, string | readonly string[]>();
  for (const [spelled, value] of RawHeaders.pairs(headers)) {
    const name = spelled.toLowerCase();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : [before, value].flat());
  }
  return fields;
}
