import type { RequestInfo } from '../http/request-info.js';
import { cookieValue } from './cookie.js';

/** Gives the text of a request that is hashed. Never empty for `header:` and `cookie:`. */
export type RequestKey = (request: RequestInfo) => string;

/** The forms of a key that `requestKey` takes; header and cookie names are tokens (RFC 9110 section 5.6.2). */
export const REQUEST_KEY_FORM = /^(?:client-ip|path|(?:header|cookie):[!#$%&'*+.^_`|~0-9A-Za-z-]+)$/;

/**
 * Compiles `client-ip`, `path`, `header:<name>` or `cookie:<name>`. A request without that header or cookie, or with an empty
 * one, counts by its client's address: otherwise one backend would get all such requests.
 */
export function requestKey(form: string): RequestKey {
  if (form === 'client-ip') return clientIp;
  if (form === 'path') return request => request.path;
  const name = form.slice(form.indexOf(':') + 1);
  if (form.startsWith('cookie:')) return request => cookieValue(request.headers.cookie, name) || request.clientIp;
  const header = name.toLowerCase();
  return request => {
    const value = request.headers[header];
    return (typeof value === 'string' ? value : value?.[0]) || request.clientIp;
  };
}

function clientIp(request: RequestInfo): string {
  return request.clientIp;
}
