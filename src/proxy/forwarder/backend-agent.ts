import { Agent as HttpAgent, type AgentOptions, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TlsOptions } from '../../upstream/backend-tls.js';
import { openConnection } from './backend-connection.js';

/** How Node is given a connection, or told that there is none. */
type Created = (error: Error | null, stream: Duplex) => void;

/** Options of a request that its agent reads. */
export interface ConnectionWatch {
  /** Told of the connection that is made for the request, and may give it up. */
  readonly onConnecting?: (socket: Socket) => void;
}

/**
 * Makes what keeps connections to a backend for `node:http`: in clear text, or over TLS where `tls` is given. A request gets a new connection
 * when that is ready, at the latest after `connectTimeout` milliseconds ({@link openConnection}).
 */
export function backendAgent(options: AgentOptions, connectTimeout: number, tls?: TlsOptions): HttpAgent {
  const agent = tls === undefined ? new HttpAgent(options) : new HttpsAgent({ ...options, ...tls });
  const connect = agent.createConnection.bind(agent) as (options: ClientRequestArgs) => Socket;
  agent.createConnection = (request: ClientRequestArgs & ConnectionWatch, created?: Created): undefined => {
    // Typed as if a connection were there in any case.
    const opened = created as (error: Error | null, socket: Socket | null) => void;
    const socket = openConnection(() => connect(request), connectTimeout, opened);
    if (socket !== undefined) request.onConnecting?.(socket);
  };
  return agent;
}
