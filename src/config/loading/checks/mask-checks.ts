import { blockClassOf, fieldsOf } from '../../language/fields.js';
import type { Path } from '../findings.js';
import { Invalid } from '../../language/kinds/invalid.js';
import { mask } from '../../language/kinds/secret.js';
import type { ValueMatch } from '../../language/kinds/value-match.js';
import type { CheckContext } from './check.js';

const printed = `is ${mask}, the mask of a configuration that was printed`;
const printedInUrl = `holds ${mask}, the mask of a configuration that was printed`;

/**
 * Reports secrets that are the mask of a printed configuration, at every place. As a credential, the mask lets no client in; as
 * the condition of a route, it would let in every client that sends the mask.
 */
export function checkMasks(context: CheckContext): void {
  visit(context, [], context.config);
}

function visit(context: CheckContext, path: Path, value: unknown): void {
  if (typeof value === 'string') {
    if (value === mask) context.warn({ path, message: `${printed}: write the secret in its place` });
    else if (inUrl.test(value)) context.warn({ path, message: printedInUrl });
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => visit(context, [...path, index], item));
  } else if (value instanceof Map) {
    for (const [key, item] of value) visit(context, [...path, String(key)], item);
  } else if (typeof value === 'object' && value !== null && !(value instanceof Invalid)) {
    visitObject(context, path, value);
  }
}

/** The places in which {@link maskUrl} writes the mask. */
const inUrl = /^[a-z]+:\/\/(?:[^/?#@]*:)?\*{4}@|^(?:[a-z]+:\/\/|\/).*[?&][^=&#]*=\*{4}(?:[&#]|$)/i;

function visitObject(context: CheckContext, path: Path, value: object): void {
  const match = value as Partial<ValueMatch>;
  if (match.kind === 'exact') {
    if (!('value' in match) || typeof match.value !== 'string') return;
    const held = match.value === mask ? printed : inUrl.test(match.value) ? printedInUrl : undefined;
    if (held === undefined) return;
    context.report({ path, message: `${held}: anyone may send that, so write the secret in its place` });
    return;
  }
  const keys = fieldsOf(blockClassOf(value));
  for (const [key, item] of Object.entries(value)) {
    if (keys.size === 0 || keys.has(key)) visit(context, [...path, key], item);
  }
}
