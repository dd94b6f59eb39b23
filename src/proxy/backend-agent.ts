import { Agent as HttpAgent, type ClientRequestArgs } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { outOfDescriptors } from '../platform/exhausted.js';
import { openFiles } from '../platform/open-files.js';
import { hearLastWords } from './last-words.js';

type Created = (error: Error | null, stream: Duplex) => void;

/** Keeps connections to a backend for `node:http`. */
export type BackendAgent = PlainBackendAgent | SecureBackendAgent;

/** The same in clear text. */
export class PlainBackendAgent extends HttpAgent {
  override createConnection(options: ClientRequestArgs, created?: Created): Duplex | null | undefined {
    return openFiles.take('backends') ? prepared(super.createConnection(options, created)) : refused(created);
  }
}

/** The same over TLS. */
export class SecureBackendAgent extends HttpsAgent {
  override createConnection(options: RequestOptions, created?: Created): Duplex | null | undefined {
    return openFiles.take('backends') ? prepared(super.createConnection(options, created)) : refused(created);
  }
}

function prepared<S extends Duplex | null | undefined>(connection: S): S {
  if (!connection) return connection;
  openFiles.giveWhenClosed('backends', connection);
  hearLastWords(connection as unknown as Socket);
  return connection;
}

function refused(created: Created | undefined): undefined {
  // Typed as if there were always a connection.
  (created as ((error: Error) => void) | undefined)?.(outOfDescriptors());
}
