import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isConnectionField } from '../../fields/connection-fields.js';
import { foldName, isUnusualName } from '../../fields/fold-name.js';
import { FieldNames } from '../../http/field-names.js';
import { fieldValueFrom } from '../../http/field-value.js';
import { fieldsWhere } from '../../http/field-names.js';
import type { HeaderRules } from '../../http/header-rules.js';
import { RawHeaders } from '../../fields/raw-headers.js';

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

/**
 * Has a field of a response set. What cannot be sent is the fault of the code that asks for it, and must not come to light when the answer is there.
 * Throws a TypeError for it, and for fields that frame the message or end at this connection.
 */
export function setField(edits: Map<string, [name: string, value: string]>, name: string, value: string): void {
  const bytes = fieldValueFrom(value);
  validateHeaderName(name);
  validateHeaderValue(name, bytes);
  const lower = name.toLowerCase();
  if (lower === 'content-length' || isConnectionField(name)) throw new TypeError(`${name} is for the gateway to set`);
  // Each cookie has a field of its own (RFC 6265 §3), beside those of the backend.
  edits.set(lower === 'set-cookie' ? `${lower} ${edits.size}` : lower, [name, bytes]);
}

/** Of the trailer fields of a request, those that nothing has changed in its head: what was taken away there must not come back here. */
export function unedited(
  fields: RawHeaders,
  edits: ReadonlyMap<string, unknown> | undefined,
  rules: HeaderRules | undefined,
  takesUnderscores: boolean,
): RawHeaders {
  const edited = new Set([...(edits?.keys() ?? [])].map(foldName));
  return fieldsWhere(fields, (lower, folded) => {
    if (edited.has(folded) || rules?.removes(folded) === true) return false;
    return takesUnderscores || !isUnusualName(lower);
  });
}

/** Of the trailer fields of a response, those that nothing has changed in its head, and that are not the gateway's own. */
export function shown(
  fields: RawHeaders,
  edits: ReadonlyMap<string, unknown> | undefined,
  rules: HeaderRules | undefined,
  signature: { tells(lower: string): boolean },
): RawHeaders {
  return fieldsWhere(
    fields,
    (lower, folded) => edits?.has(lower) !== true && rules?.removes(folded) !== true && !signature.tells(lower),
  );
}
