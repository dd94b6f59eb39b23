import { isUnusualName } from '../../fields/fold-name.js';
import { FieldNames } from '../../http/field-names.js';
import { fieldValueFrom } from '../../http/field-value.js';
import { RawHeaders } from '../../http/raw-headers.js';

/** What policies have asked for: by the name in lower case, the name and the value that is set; undefined takes the field away. */
export type FieldEdits = ReadonlyMap<string, readonly [name: string, value: string | undefined]>;

/** Applies edits to the fields of a message, in place. */
export function edit(headers: RawHeaders, edits: FieldEdits): void {
  RawHeaders.removeAll(headers, edits);
  for (const [name, value] of edits.values()) if (value !== undefined) headers.push(name, fieldValueFrom(value));
}

/** The same in a request: many servers cannot tell `X_User` from `X-User`, so what is edited under one name must not stay under the other. */
export function editRequest(headers: RawHeaders, edits: FieldEdits): void {
  for (let i = 0; i < headers.length; i += 2) {
    if (!isUnusualName(headers[i]!.toLowerCase())) continue;
    new FieldNames(edits).removeFrom(headers);
    break;
  }
  edit(headers, edits);
}
