import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isConnectionField } from '../../fields/connection-fields.js';
import { foldName, isUnusualName } from '../../fields/fold-name.js';
import { FieldNames } from '../../http/field-names.js';
import { fieldValueFrom } from '../../http/field-value.js';
import { fieldsWhere } from '../../http/field-names.js';
import type { HeaderRules } from '../../http/header-rules.js';
import { RawHeaders } from '../../fields/raw-headers.js';

type Edits = ReadonlyMap<string, readonly [name: string, value: string | undefined]>;

/** What policies have asked for in the fields of one exchange: by the name in lower case, the name and the value that is set; undefined takes the field away. */
export class FieldEdits {
  readonly #request = new Map<string, [name: string, value: string | undefined]>();
  readonly #response = new Map<string, [name: string, value: string]>();

  /** Has a field of the request for the backend set or, without a value, taken away. */
  setRequest(name: string, value?: string): void {
    this.#request.set(name.toLowerCase(), [name, value]);
  }

  /**
   * Has a field of the response set. What cannot be sent is the fault of the code that asks for it, and must not come to light when the answer is
   * there. Throws a TypeError for it, and for fields that frame the message or end at this connection.
   */
  setResponse(name: string, value: string): void {
    const bytes = fieldValueFrom(value);
    validateHeaderName(name);
    validateHeaderValue(name, bytes);
    const lower = name.toLowerCase();
    if (lower === 'content-length' || isConnectionField(name)) throw new TypeError(`${name} is for the gateway to set`);
    // Each cookie has a field of its own (RFC 6265 §3), beside those of the backend.
    this.#response.set(lower === 'set-cookie' ? `${lower} ${this.#response.size}` : lower, [name, bytes]);
  }

  /**
   * Edits the fields of a request, in place. Many servers cannot tell `X_User` from `X-User`, so what is edited under one name must not stay
   * under the other.
   */
  editRequest(headers: RawHeaders): void {
    for (let i = 0; i < headers.length; i += 2) {
      if (!isUnusualName(headers[i]!.toLowerCase())) continue;
      new FieldNames(this.#request).removeFrom(headers);
      break;
    }
    edit(headers, this.#request);
  }

  /** Edits the fields of a response, in place. */
  editResponse(headers: RawHeaders): void {
    edit(headers, this.#response);
  }

  /** Whether a field of the request was edited, by its folded name. */
  isInRequest(folded: string): boolean {
    return [...this.#request.keys()].some(lower => foldName(lower) === folded);
  }

  /** Whether a field of the response was edited, by its name in lower case. */
  isInResponse(lower: string): boolean {
    return this.#response.has(lower);
  }
}

function edit(headers: RawHeaders, edits: Edits): void {
  if (edits.size === 0) return;
  RawHeaders.removeAll(headers, edits);
  for (const [name, value] of edits.values()) if (value !== undefined) headers.push(name, fieldValueFrom(value));
}

/** Of the trailer fields of a request, those that nothing has changed in its head: what was taken away there must not come back here. */
export function unedited(
  fields: RawHeaders,
  edits: FieldEdits | undefined,
  rules: HeaderRules | undefined,
  takesUnderscores: boolean,
): RawHeaders {
  return fieldsWhere(fields, (lower, folded) => {
    if (edits?.isInRequest(folded) === true || rules?.removes(folded) === true) return false;
    return takesUnderscores || !isUnusualName(lower);
  });
}

/** Of the trailer fields of a response, those that nothing has changed in its head, and that are not the gateway's own. */
export function shown(
  fields: RawHeaders,
  edits: FieldEdits | undefined,
  rules: HeaderRules | undefined,
  signature: { tells(lower: string): boolean },
): RawHeaders {
  return fieldsWhere(
    fields,
    (lower, folded) =>
      edits?.isInResponse(lower) !== true && rules?.removes(folded) !== true && !signature.tells(lower),
  );
}
