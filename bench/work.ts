/** How a client speaks with the proxy: HTTP/1.1, the same over TLS, HTTP/2 over TLS, through a WebSocket, or listening to an event stream. */
export type Protocol = 'http' | 'https' | 'h2' | 'websocket' | 'events';

/** One kind of traffic: what a client sends, and how much of an answer it must get. */
export interface Work {
  readonly name: string;
  readonly protocol: Protocol;
  /** What its CPU time is divided by. */
  readonly unit: 'request' | 'message' | 'event';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Bytes of the request body. */
  readonly bodyBytes: number;
  /** Bytes of the answer's body, of an echoed message or of an event; anything else is an error. */
  readonly answerBytes: number;
  /** The ratio that `--assert` holds the gateway to, unless `--limit` gives another one. */
  readonly aim?: Aim;
}

/** How much the gateway may cost against a peer. */
export interface Aim {
  readonly peer: string;
  readonly limit: number;
}

/** Bytes of an event, field name and empty line included. */
const eventBytes = 100;

const get = { protocol: 'http', unit: 'request', method: 'GET', bodyBytes: 0 } as const;
const small = { path: '/1k', answerBytes: 1024 };

/** Messages of a size through WebSockets, each answered by one of the same. */
export function echoOf(bytes: number): Work {
  return {
    ...get,
    name: `${bytes} bytes`,
    protocol: 'websocket',
    unit: 'message',
    path: `/${bytes}`,
    answerBytes: bytes,
  };
}

/** The kinds of traffic by the name that `--work` takes. */
export const works: Readonly<Record<string, Work>> = {
  'get-1k': { ...get, ...small, name: 'get-1k', aim: { peer: '@fastify/http-proxy', limit: 0.85 } },
  'post-4k': { ...get, ...small, name: 'post-4k', method: 'POST', bodyBytes: 4096 },
  'get-64k': { ...get, name: 'get-64k', path: '/64k', answerBytes: 64 * 1024 },
  'get-1m': { ...get, name: 'get-1m', path: '/1m', answerBytes: 1024 * 1024 },
  'tls-1k': { ...get, ...small, name: 'tls-1k', protocol: 'https' },
  'h2-1k': { ...get, ...small, name: 'h2-1k', protocol: 'h2' },
  'ws-echo': { ...echoOf(64), name: 'ws-echo', aim: { peer: 'TCP relay', limit: 1.1 } },
  sse: {
    ...{ ...get, name: 'sse', protocol: 'events', unit: 'event', path: `/${eventBytes}`, answerBytes: eventBytes },
    aim: { peer: 'TCP relay', limit: 1.2 },
  },
};

/** Whether clients of this work connect over TLS. */
export function isSecure({ protocol }: Work): boolean {
  return protocol === 'https' || protocol === 'h2';
}

/** Finds a kind of traffic. Throws an error that lists the known ones. */
export function workNamed(name: string): Work {
  const work = works[name];
  if (!work) throw new Error(`unknown work "${name}": one of ${Object.keys(works).join(', ')}`);
  return work;
}
