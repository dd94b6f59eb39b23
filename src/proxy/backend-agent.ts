import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { hearLastWords } from './last-words.js';

type Created = (error: Error | null, stream: Duplex) => void;

/** Keeps connections to a backend for `node:http`. */
export type BackendAgent = PlainBackendAgent | SecureBackendAgent;

/** The same in clear text. */
export class PlainBackendAgent extends HttpAgent {
  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | null | undefined {
    return prepared(super.createConnection(options, created));
  }
}

/** The same over TLS. */
export class SecureBackendAgent extends HttpsAgent {
  override createConnection(options: RequestOptions, created?: Created): Duplex | null | undefined {
    return prepared(super.createConnection(options, created));
  }
}

function prepared<S extends Duplex | null | undefined>(connection: S): S {
  if (connection) hearLastWords(connection as unknown as Socket);
  return connection;
}
