import { Invalid } from './invalid.js';
import { oddIPv4In } from './ipv4-spelling.js';
import type { Kind } from './kind.js';
import { maskUrl } from './url.js';

/** A path with parameters of the match in it: `/x/:id`. It may carry a query, in which secrets are written as `****`. */
export const pathTemplate: Kind<string> = {
  label: 'path template',
  expected: 'a path such as /x/:id',
  schema: { type: 'string', pattern: '^/' },
  parse(raw) {
    const fits = typeof raw === 'string' && /^\/[\x21-\x7e]*$/.test(raw) && !raw.includes('#');
    return fits ? raw : new Invalid(raw, this.expected);
  },
  format: maskUrl,
};

/** Where a redirect leads: an absolute http(s) URL or a path, with parameters of the match in it. */
export const locationTemplate: Kind<string> = {
  label: 'URL or path template',
  expected: 'a URL or path such as https://new.example/:rest or /new/:rest',
  schema: { type: 'string', pattern: '^(https?://|/)' },
  parse(raw) {
    const fits = typeof raw === 'string' && /^(https?:\/\/[^/?#]+|\/(?!\/))[\x21-\x7e]*$/.test(raw);
    if (!fits || raw.includes('\\')) return new Invalid(raw, this.expected);
    return oddIPv4In(raw, this.expected) ?? raw;
  },
  format: value => value,
};
