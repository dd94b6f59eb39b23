import { editableHeaderName, headerValue } from './header.js';
import type { Kind } from './kind.js';
import { map } from './map.js';
import { hideRefused } from './secret.js';
import { shownValue } from './value-match.js';

/** Header fields to send: lower-case name → value. Values of names such as `authorization` are written as `****`, as are secrets in URLs. */
export const headerMap: Kind<Map<string, string>> = masked(map(editableHeaderName, headerValue));

function masked(kind: Kind<Map<string, string>>): Kind<Map<string, string>> {
  return {
    ...kind,
    label: 'map of header values',
    expected: 'a block of header names and values',
    parse: (raw, source) => hideRefused(kind.parse(raw, source)),
    format: value => Object.fromEntries([...value].map(([key, item]) => [key, shownValue(key, item)])),
  };
}
