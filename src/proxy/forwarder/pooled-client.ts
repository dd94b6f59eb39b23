import type { Socket } from 'node:net';
import { Client, type Dispatcher, type buildConnector } from 'undici';
import { connectingSocket, connectorOf } from '../../platform/connecting-socket.js';
import { openConnection, type Opened } from './backend-connection.js';

/** What is known of a connection to a backend. */
export interface ConnectionState {
  /** Exchanges that it has carried to their end since it was made. */
  served: number;
  socket: Socket | undefined;
}

/** A request handler that wants to know by which connection it is carried. */
export interface ConnectionUser {
  connection: ConnectionState | undefined;
}

/** One connection of a pool: tells each request who carries it. */
export class PooledClient extends Client {
  readonly #state: ConnectionState;

  /**
   * `options`: as the pool hands them on, with its connector. undici keeps short times by a clock that ticks once a second; here a connection
   * has a timer of its own, of `timeout` milliseconds.
   */
  constructor(origin: URL, options: object, timeout: number) {
    const state: ConnectionState = { served: 0, socket: undefined };
    const connect = connectorOf(options);
    const connectWithin: buildConnector.connector = (target, callback) => {
      const opened: Opened = (error, socket) => {
        state.served = 0;
        state.socket = socket ?? undefined;
        // Typed so that one of the two is null.
        (callback as Opened)(error, socket);
      };
      openConnection(() => connectingSocket(connect, target, () => {}), timeout, opened);
    };
    super(origin, { ...options, connect: connectWithin });
    this.#state = state;
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    (handler as Partial<ConnectionUser>).connection = this.#state;
    return super.dispatch(options, handler);
  }
}
