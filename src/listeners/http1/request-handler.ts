import type { Socket } from 'node:net';
import type { Fault } from '../../http1/fault.js';
import type { Http1Channel } from '../../proxy/client/http1-channel.js';
import type { Http1Message } from '../../proxy/client/http1-message.js';

/** A connection that is read no further. */
export interface BrokenConnection {
  readonly socket: Socket;
  /** Ends it behind what was written to it. */
  linger(): void;
}

/** What becomes of the requests of a connection. */
export interface RequestHandler {
  /** A request has come: its head, and what has come with it of its body. It is answered through the channel. */
  begin(message: Http1Message, channel: Http1Channel): void;
  /** The answer was taken by the system; or, not `isWhole`, the connection is gone. */
  over(socket: Socket, isWhole: boolean): void;
  /** Nothing more can be read. `isBetween`: no request is under way. The connection has to be ended. */
  broken(fault: Fault | 'late-head' | 'late-body', connection: BrokenConnection, isBetween: boolean): void;
}
