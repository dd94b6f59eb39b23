import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { outOfDescriptors } from '../../platform/exhausted.js';
import { openFiles } from '../../platform/open-files.js';
import { hearLastWords } from './last-words.js';
import { whenQuietlyConnected } from './quiet-start.js';

/** How Node is given a connection, or told that there is none. */
type Created = (error: Error | null, stream: Duplex) => void;

/** Options of a request that its agent reads. */
export interface ConnectionWatch {
  /** Told of the connection that is made for the request, and may give it up. */
  readonly onConnecting?: (socket: Socket) => void;
}

/** Keeps connections to a backend for `node:http`. A request gets a new one when it stands, and its other side has not spoken first. */
export type BackendAgent = PlainBackendAgent | SecureBackendAgent;

/** The same in clear text. */
export class PlainBackendAgent extends HttpAgent {
  constructor(
    options: AgentOptions,
    /** Milliseconds until a connection must stand. */
    private readonly connectTimeout: number,
  ) {
    super(options);
  }

  override createConnection(options: ClientRequestArgs & ConnectionWatch, created?: Created): undefined {
    prepare(() => super.createConnection(options) as Socket, options, this.connectTimeout, created!);
  }
}

/** The same over TLS. */
export class SecureBackendAgent extends HttpsAgent {
  constructor(
    options: AgentOptions,
    /** Milliseconds until a connection, TLS handshake included, must stand. */
    private readonly connectTimeout: number,
  ) {
    super(options);
  }

  override createConnection(options: RequestOptions & ConnectionWatch, created?: Created): undefined {
    prepare(() => super.createConnection(options) as Socket, options, this.connectTimeout, created!);
  }
}

function prepare(connect: () => Socket, watch: ConnectionWatch, timeout: number, created: Created): void {
  // Typed as if there were always a connection.
  const failed = created as (error: Error) => void;
  if (!openFiles.take('backends')) return failed(outOfDescriptors());
  const socket = connect();
  openFiles.giveWhenClosed('backends', socket);
  hearLastWords(socket);
  watch.onConnecting?.(socket);
  whenQuietlyConnected(socket, timeout, error => (error === null ? created(null, socket) : failed(error)));
}
