import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';

/** What an HTTP platform says of a request, as it is told to trust proxies. */
export interface SeenRequest {
  readonly ip?: string | undefined;
  /** With the port. */
  readonly host?: string | undefined;
  readonly protocol: string;
}

type FastifyRequestClass = new (id: string, params: object, raw: IncomingMessage, query: object) => SeenRequest;

/**
 * How the HTTP platform of an application would see a request that its router has not seen: the handshake of a WebSocket, which Node hands to another
 * listener. `platform`: the instance of Express or Fastify; another, or none: what the connection says.
 *
 * Reaches into Express 4 and 5 (`request` of an application is the prototype of its requests) and Fastify 5 (its class of requests stands in the instance
 * under the symbol `fastify.Request`). In public both judge the requests alone that they have routed.
 */
export function seenBy(platform: unknown, raw: IncomingMessage): SeenRequest {
  if (typeof platform === 'function' && 'request' in platform) {
    const { headers, socket } = raw;
    return Object.create(platform.request as object, {
      headers: { value: headers },
      socket: { value: socket },
    }) as SeenRequest;
  }
  const Request = fastifyRequestOf(platform);
  if (Request !== undefined) return new Request('', {}, raw, {});
  const protocol = (raw.socket as Partial<TLSSocket>).encrypted === true ? 'https' : 'http';
  return { ip: raw.socket.remoteAddress, host: raw.headers.host, protocol };
}

function fastifyRequestOf(platform: unknown): FastifyRequestClass | undefined {
  if (typeof platform !== 'object' || platform === null) return undefined;
  const key = Object.getOwnPropertySymbols(platform).find(({ description }) => description === 'fastify.Request');
  return key === undefined ? undefined : (platform as Record<symbol, FastifyRequestClass>)[key];
}
