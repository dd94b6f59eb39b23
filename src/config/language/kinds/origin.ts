import { Invalid } from './invalid.js';
import { oddIPv4In } from './ipv4-spelling.js';
import type { Kind } from './kind.js';

const expected = 'an origin such as https://app.example, https://*.app.example (any name below it), null, or *';
const shape = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s@*,]+$/i;
const wildcardHost = /^([a-z][a-z0-9+.-]*:\/\/)\*\.(?=[^*]+$)/i;

/** An origin that may read answers (RFC 6454), in the spelling of browsers; or a wildcard for all names below a domain, `null`, or `*`. */
export const origin: Kind<string> = {
  label: 'origin',
  expected,
  schema: { type: 'string', pattern: '^(\\*|null|[A-Za-z][A-Za-z0-9+.-]*://(\\*\\.)?[^/?#\\s@*,]+)$' },
  parse(raw) {
    if (raw === '*' || raw === 'null') return raw;
    if (typeof raw !== 'string' || raw.length > 300) return new Invalid(raw, expected);
    const below = wildcardHost.test(raw);
    const plain = below ? raw.replace(wildcardHost, '$1') : raw;
    const odd = shape.test(plain) ? oddIPv4In(plain, expected) : undefined;
    if (odd !== undefined) return odd;
    const spelled = shape.test(plain) ? asBrowsersSpell(plain) : undefined;
    if (spelled === undefined) return new Invalid(raw, expected, suggestionFor(raw));
    return below ? spelled.replace('://', '://*.') : spelled;
  },
  format: value => value,
};

/** Lower case, names in Punycode, without the default port. */
function asBrowsersSpell(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin: serialized, protocol, host } = new URL(text);
  // By the URL standard, schemes of extensions and apps have no origin, but browsers send one in this form.
  return serialized === 'null' ? `${protocol}//${host.toLowerCase()}` : serialized;
}

/** Suggests the origin when the address of a page was written. */
function suggestionFor(raw: string): { suggestion?: string } {
  if (!/^https?:\/\/[^*@]+[/?#]/i.test(raw) || !URL.canParse(raw)) return {};
  return { suggestion: new URL(raw).origin };
}
