import type { IncomingHttpHeaders } from 'node:http';
import { foldName } from '../../fields/fold-name.js';

/** Removes the fields of that name and its look-alikes and, with a value, adds one in their place. */
export function editField(fields: IncomingHttpHeaders, name: string, value: string | undefined): void {
  const folded = foldName(name);
  for (const each of Object.keys(fields)) if (foldName(each) === folded) Reflect.deleteProperty(fields, each);
  if (value !== undefined) fields[name.toLowerCase()] = value;
}
