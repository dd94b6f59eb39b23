import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { joinPieces } from '../http/joined-readable.js';
import { Pieces } from '../http/pieces.js';
import { responseOn, takeConnection } from '../platform/assigned-response.js';

/** Bytes that are buffered of what a client sends after its handshake before it is answered; more bytes stay in the client's system. */
const mostEarly = 64 * 1024;

/** Milliseconds for which a client whose upgrade was refused may go on sending before its connection is cut. */
const lingerFor = 1_000;

/**
 * The connection of a client that asks for an upgrade, detached from Node's parser. Has a response for refusing the upgrade,
 * and keeps the bytes that the client sends early for the tunnel.
 */
export class HeldConnection {
  readonly response: ServerResponse;
  readonly #early = new Pieces();
  readonly #keep = (chunk: Buffer): void => this.#take(chunk);
  readonly #leave = (): void => void this.socket.destroy();

  constructor(
    request: IncomingMessage,
    private readonly socket: Socket,
    head: Buffer,
  ) {
    joinPieces(socket);
    const response = (this.response = responseOn(request, socket));
    response.once('finish', () => this.#close());
    socket
      .on('error', () => {})
      .on('drain', () => response.emit('drain'))
      // A client that ends its side before the answer has given up.
      .on('end', this.#leave)
      .on('data', this.#keep);
    if (head.length > 0) this.#take(head);
  }

  /** Gives the connection, paused, to the caller. Returns the bytes that came after the head. */
  release(): Buffer {
    this.socket.off('data', this.#keep).off('end', this.#leave).pause();
    const early = this.#early.all;
    this.#early.clear();
    return early;
  }

  #take(chunk: Buffer): void {
    this.#early.add(chunk);
    if (this.#early.length >= mostEarly) this.socket.pause();
  }

  /** Called when the refusal is written: our side ends first, so that the client can read it. */
  #close(): void {
    const { response, socket } = this;
    takeConnection(response, socket);
    socket.off('data', this.#keep).resume().end();
    const cut = setTimeout(() => socket.destroy(), lingerFor).unref();
    socket.once('close', () => clearTimeout(cut));
    response.emit('close');
  }
}
