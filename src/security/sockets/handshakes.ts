import type { IncomingMessage } from 'node:http';
import type { ModulesContainer } from '@nestjs/core';
import { isSocketGateway } from '../../platform/nest-metadata.js';

/** Requests by the sockets that they have opened. */
const remembered = new WeakMap<object, IncomingMessage>();
const watched = new WeakSet<object>();

/** A gateway of an application, as Nest calls it for each new socket. The package `ws` tells of the request here alone. */
interface SocketGateway {
  handleConnection?(client: object, ...others: unknown[]): unknown;
}

/**
 * Has the request of each socket remembered for the gateways of an application. Called before Nest binds them, which is when guards are made. It stands
 * before `handleConnection` of their classes.
 */
export function watchHandshakes(modules: ModulesContainer): void {
  for (const { providers } of modules.values()) {
    for (const { metatype } of providers.values()) {
      if (typeof metatype === 'function' && isSocketGateway(metatype)) watch(metatype.prototype as SocketGateway);
    }
  }
}

/** The request that has opened a socket. Undefined: the class of its gateway hides it. */
export function handshakeOf(client: object): IncomingMessage | undefined {
  // Socket.IO keeps it.
  if ('handshake' in client && 'request' in client) return client.request as IncomingMessage;
  return remembered.get(client);
}

function watch(gateway: SocketGateway): void {
  if (watched.has(gateway)) return;
  watched.add(gateway);
  const own = Object.hasOwn(gateway, 'handleConnection') ? gateway.handleConnection : undefined;
  const base = Object.getPrototypeOf(gateway) as SocketGateway | null;
  gateway.handleConnection = function (this: unknown, client: object, ...others: unknown[]): unknown {
    const [request] = others;
    if (isRequest(request)) remembered.set(client, request);
    return (own ?? base?.handleConnection)?.call(this as SocketGateway, client, ...others);
  };
}

function isRequest(value: unknown): value is IncomingMessage {
  return typeof value === 'object' && value !== null && 'headers' in value && 'socket' in value;
}
