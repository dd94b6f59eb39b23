import type { IncomingHttpHeaders } from 'node:http';
import { RawHeaders } from '../fields/raw-headers.js';
import type { Identity, PolicyContext, Releasable } from '../security/policy.js';

/** What a request is like in a test; everything else is as in `GET / HTTP/1.1` of `http://shop.example` from 192.0.2.1. */
export interface TestRequestFields {
  readonly id?: string;
  readonly protocol?: PolicyContext['protocol'];
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  /** Without its `?`. */
  readonly query?: string;
  readonly scheme?: 'http' | 'https';
  readonly clientIp?: string;
  /** Fields as on the wire: a list where a field stands several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Default: false, or what `Content-Length` and `Transfer-Encoding` say. */
  readonly hasBody?: boolean;
  readonly identity?: Identity;
}

/** A request for tests of policies, which remembers what they have done. */
export interface TestPolicyContext extends PolicyContext {
  /** What `setRequestHeader` has set, by name in lower case; null: removed. */
  readonly requestHeaders: Readonly<Record<string, string | null>>;
  /** What `setResponseHeader` has set last, by name in lower case. */
  readonly responseHeaders: Readonly<Record<string, string>>;
  /** How many things policies hold for it. */
  readonly held: number;
  /** The exchange is over: what policies hold is released. */
  close(): void;
}

/** A request as policies see it. */
export function testPolicyContext(fields: TestRequestFields = {}): TestPolicyContext {
  const { identity, headers: written = {}, query, ...others } = fields;
  const rawHeaders = Object.entries(written).flatMap(([name, value]) =>
    (typeof value === 'string' ? [value] : value).flatMap(each => [name, each]),
  );
  const headers = joined(rawHeaders);
  const requestHeaders: Record<string, string | null> = {};
  const responseHeaders: Record<string, string> = {};
  const held = new Set<Releasable>();
  let isOver = false;
  return {
    id: 'request',
    protocol: 'http',
    method: 'GET',
    host: 'shop.example',
    path: '/',
    query,
    scheme: 'http',
    clientIp: '192.0.2.1',
    hasBody: headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0',
    ...others,
    headers,
    rawHeaders,
    identity,
    requestHeaders,
    responseHeaders,
    get held() {
      return held.size;
    },
    setRequestHeader: (name, value) => void (requestHeaders[name.toLowerCase()] = value ?? null),
    setResponseHeader: (name, value) => {
      // As the gateway does.
      if (/[\0\r\n]/.test(value)) throw new TypeError(`no field can hold ${JSON.stringify(value)}`);
      responseHeaders[name.toLowerCase()] = value;
    },
    onClose: each => {
      if (isOver) each.release();
      else held.add(each);
    },
    close: () => {
      isOver = true;
      for (const each of held) each.release();
      held.clear();
    },
  };
}

/** As Node has them: by name in lower case, those of one name joined. */
function joined(rawHeaders: readonly string[]): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {};
  for (const [spelled, value] of RawHeaders.pairs([...rawHeaders])) {
    const name = spelled.toLowerCase();
    const before = Object.hasOwn(headers, name) ? headers[name] : undefined;
    if (name === 'set-cookie') headers[name] = [...(headers[name] ?? []), value];
    else headers[name] = before === undefined ? value : `${String(before)}${name === 'cookie' ? '; ' : ', '}${value}`;
  }
  return headers;
}
