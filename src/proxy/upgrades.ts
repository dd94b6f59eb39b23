import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { ListenerInfo } from './client/listener-info.js';
import type { Exchange } from './exchange.js';

/** Decides on upgrades, and takes those that may be made: to WebSocket, or to another protocol that a route allows. */
export abstract class Upgrades {
  /** The protocol that a request's connection may be switched to; undefined: it is to be answered without an upgrade. */
  abstract offer(request: IncomingMessage, listener: ListenerInfo): string | undefined;

  /** Takes a request that {@link offer} has said yes to, with its connection and what came behind the head. */
  abstract take(request: IncomingMessage, socket: Socket, head: Buffer, listener: ListenerInfo): void;

  /** The same for an exchange that an extended CONNECT has begun (RFC 8441). */
  abstract takeStream(exchange: Exchange, protocol: string): void;
}
