import type { Socket } from 'node:net';

/** Goes on with an answer when the client has read what was written. */
interface Resumable {
  readonly source: { resume(): void } | undefined;
}

/** A client's connection of HTTP/1.x, as the exchange on it uses it. */
export interface Http1Channel {
  readonly socket: Socket;
  /** The field lines of an answer behind which another request may follow. */
  readonly keepAlive: string;
  /** Another request may follow, as the connection and its client see it. */
  readonly mayPersist: boolean;
  /** To be given to the last write of an answer: the system has taken it. */
  readonly written: (error?: Error | null) => void;
  /** What answers the request that is under way. */
  responder: Resumable | undefined;
  /** No other request may follow the one that is under way. */
  endWithAnswer(): void;
  /** The end of the client's side is that of the exchange: its client has no use for an answer then. Default: it still gets one. */
  endWithClient(): void;
  /** The last of the answer is about to be written; `persists`: another request may follow. */
  answering(persists: boolean): void;
  /** Gives the connection up, for another protocol. What comes behind the head is kept until {@link takeAhead}. */
  handOver(): void;
  /** Gives what the client has sent behind its head, and keeps nothing from now on. */
  takeAhead(): Buffer;
}
