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
    const fits = (text: string): boolean => /^\/[\x21-\x7e]*$/.test(text) && !text.includes('#');
    return typeof raw === 'string' && fits(raw) ? raw : refuse(raw, this.expected, fits);
  },
  format: maskUrl,
};

/** Where a redirect leads: an absolute http(s) URL or a path, with parameters of the match in it. Secrets are written as `****`. */
export const locationTemplate: Kind<string> = {
  label: 'URL or path template',
  expected: 'a URL or path such as https://new.example/:rest or /new/:rest',
  schema: { type: 'string', pattern: '^(https?://|/)' },
  parse(raw) {
    const fits = (text: string): boolean =>
      /^(https?:\/\/[^/?#]+|\/(?!\/))[\x21-\x7e]*$/.test(text) && !text.includes('\\');
    if (typeof raw !== 'string' || !fits(raw)) return refuse(raw, this.expected, fits);
    return oddIPv4In(maskUrl(raw), this.expected) ?? raw;
  },
  format: maskUrl,
};

/** Refuses a text; names spaces in the message, because people do not see them. */
function refuse(raw: unknown, expected: string, fits: (text: string) => boolean): Invalid {
  if (typeof raw !== 'string') return new Invalid(raw, expected);
  if (!raw.includes(' ')) return new Invalid(maskUrl(raw), expected);
  const bare = raw.replaceAll(' ', '%20');
  const message = `${JSON.stringify(maskUrl(raw))} holds a space, expected ${expected}`;
  return new Invalid(raw, expected, { message, ...(fits(bare) && { suggestion: maskUrl(bare) }) });
}
