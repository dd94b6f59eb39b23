import type { Socket } from 'node:net';

/**
 * What ties connections to backends to one client: they carry no request of anybody else, and end when it does. Needed where
 * credentials let in a connection instead of a request (NTLM, Negotiate). A client is a connection of HTTP/1.x, or a stream of HTTP/2.
 */
export class ClientTie {
  /** The client has gone. */
  ended = false;
  #ends: (() => void)[] = [];

  /** Calls `callback` when the client has gone. Must not be asked afterwards. */
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

/** The tie of a client's connection; undefined, as a rule, when it has none. */
export function tieOf(socket: Socket): ClientTie | undefined {
  return (socket as TiedSocket)[TIE];
}

/** Ties what is to come for a client's connection to it, until it closes. */
export function tieTo(socket: Socket): ClientTie {
  const tied = socket as TiedSocket;
  if (tied[TIE] !== undefined) return tied[TIE];
  const tie = new ClientTie();
  tied[TIE] = tie;
  if (socket.destroyed) tie.end();
  else socket.once('close', () => tie.end());
  return tie;
}
