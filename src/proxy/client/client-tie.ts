import type { Socket } from 'node:net';

/**
 * Reserves connections to backends for one client: they carry requests of no other client, and end when the client goes. Needed where
 * credentials let in a connection instead of a request (NTLM, Negotiate). A client is a connection of HTTP/1.x, or a stream of HTTP/2.
 */
export class ClientTie {
  /** The client has gone. */
  ended = false;
  #ends: (() => void)[] = [];

  /** Calls `callback` when the client has gone. Must not be called afterwards. */
  onEnd(callback: () => void): void {
    this.#ends.push(callback);
  }

  /** The client has gone. May be called twice. */
  end(): void {
    this.ended = true;
    const ends = this.#ends;
    this.#ends = [];
    for (const callback of ends) callback();
  }
}

const TIE = Symbol('gatehouse.tie');
type TiedSocket = Socket & { [TIE]?: ClientTie };

/** The tie of a client's connection; undefined for most, which have none. */
export function tieOf(socket: Socket): ClientTie | undefined {
  return (socket as TiedSocket)[TIE];
}

/** Reserves from now on the backend connections of this client's connection, until it closes. Gives the tie that it has already, if any. */
export function tieTo(socket: Socket): ClientTie {
  const tied = socket as TiedSocket;
  if (tied[TIE] !== undefined) return tied[TIE];
  const tie = new ClientTie();
  tied[TIE] = tie;
  if (socket.destroyed) tie.end();
  else socket.once('close', () => tie.end());
  return tie;
}

/** Reserves connections for the client of a message: its connection, or its stream on HTTP/2. */
export function tieFor({ httpVersion, socket }: { readonly httpVersion: string; readonly socket: Socket }): ClientTie {
  return httpVersion === '2.0' ? new ClientTie() : tieTo(socket);
}
