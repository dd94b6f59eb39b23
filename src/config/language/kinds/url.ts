import { holdsSecret } from './header.js';
import { Invalid } from './invalid.js';
import { oddIPv4In } from './ipv4-spelling.js';
import type { Kind } from './kind.js';
import { mask } from './secret.js';

/** An absolute URL with one of the schemes. Secrets in it are written as `****`: see {@link maskUrl}. */
export function url(schemes: readonly string[], example: string): Kind<string> {
  const expected = `a URL such as ${example}`;
  return {
    label: 'URL',
    expected,
    schema: { type: 'string', pattern: `^(${schemes.join('|')})://` },
    parse: raw => {
      const parsed = typeof raw === 'string' ? URL.parse(raw) : null;
      if (!parsed || !schemes.includes(parsed.protocol.slice(0, -1)) || parsed.hostname === '') {
        return new Invalid(typeof raw === 'string' ? maskUrl(raw) : raw, expected);
      }
      return oddIPv4In(maskUrl(String(raw)), expected) ?? String(raw);
    },
    format: maskUrl,
  };
}

const userInfo = /\/\/(?:([^/?#@:]*):)?[^/?#@]*@/;
const parameter = /([?&])([^=&#]*)=[^&#]*/g;

/**
 * A URL that may be shown: `****` in the place of the password, of a user name without one (which may be a token), and of query
 * parameters whose name says that they are secrets.
 */
export function maskUrl(url: string): string {
  return url
    .replace(userInfo, (_, user?: string) => `//${user === undefined ? '' : `${user}:`}${mask}@`)
    .replace(parameter, (whole, separator: string, name: string) =>
      [...new URLSearchParams(name).keys()].some(holdsSecret) ? `${separator}${name}=${mask}` : whole,
    );
}

/**
 * The address of a backend: `http://` or `https://`, host and port, without a path; or `unix:` and the path of a socket.
 * Written without a trailing slash.
 */
export const backendUrl: Kind<string> = {
  label: 'backend URL',
  expected: 'a backend such as http://10.0.0.1:3000, https://10.0.0.1:3443 or unix:/run/app.sock',
  schema: { type: 'string', pattern: '^(https?://[^/?#]+/?|unix:.+)$' },
  parse(raw, source) {
    if (typeof raw !== 'string') return new Invalid(raw, this.expected);
    const socket = /^unix:(?:\/\/(?=\/))?(.+)$/.exec(raw)?.[1];
    if (socket !== undefined) return `unix:${source.resolve(socket)}`;
    const parsed = URL.parse(raw);
    if (!parsed || !/^https?:\/\//i.test(raw) || parsed.hostname === '') {
      const withScheme = /^[\w.-]+:\d{1,5}$/.test(raw) ? { suggestion: `http://${raw}` } : {};
      return new Invalid(raw, this.expected, withScheme);
    }
    if (parsed.username !== '' || parsed.password !== '') {
      const message = 'a backend URL may not carry a user or password: set an authorization header instead';
      return new Invalid(raw.replace(/\/\/.*@/, '//****@'), this.expected, { message });
    }
    if (parsed.pathname !== '/' || parsed.search !== '' || parsed.hash !== '') {
      const message = 'a backend URL has no path: use rewrite on the route to change the path';
      return new Invalid(raw, this.expected, { message, suggestion: parsed.origin });
    }
    const odd = oddIPv4In(raw, this.expected);
    if (odd !== undefined) return odd;
    if (parsed.port === '0') return new Invalid(raw, this.expected);
    return parsed.origin;
  },
  format: value => value,
};
