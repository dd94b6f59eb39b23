import type { Socket } from 'node:net';
import { ConnectionOpener, type OpenerSettings } from '../../src/proxy/forwarder/connection-opener.js';
import { ConnectionPool } from '../../src/proxy/forwarder/connection-pool.js';
import { Deadlines } from '../../src/proxy/forwarder/deadlines.js';
import type { ForwardRequest } from '../../src/proxy/forwarder/forwarder.js';
import { Http1Attempt } from '../../src/proxy/forwarder/http1-attempt.js';
import type { Http1Connection } from '../../src/proxy/forwarder/http1-connection.js';
import { readBehindRefusedWrites } from '../../src/proxy/forwarder/refused-writes.js';
import { closeLater } from './cleanup.js';
import { backendAt, plainRequest, RecordedAttempt } from './forwarding.js';
import { startRawBackend, type RawConnection, type RawScript } from './raw-backend.js';

/** A response that lets another follow on its connection. */
export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A backend that answers the first request so, and goes on with `then`. */
export const answering =
  (bytes: string, then?: (connection: RawConnection) => unknown): RawScript =>
  async connection => {
    await connection.head();
    connection.respond(bytes);
    await then?.(connection);
  };

/** Has a connection be as if a write had met that the other side takes no more. */
export function refuseWrites(socket: Socket): void {
  socket._write = (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  readBehindRefusedWrites(socket);
  socket.write('more');
}

/** How the attempts of a scene are carried. */
interface SceneOptions {
  /** Connections can switch their protocol. */
  readonly isStream?: boolean;
  /** Milliseconds by which a deadline may be noticed late. Default: 1. */
  readonly resolution?: number;
  readonly connectTimeout?: number;
}

/** Attempts of the default forwarder on one backend, over one connection at a time. */
export class CarriedScene {
  readonly deadlines: Deadlines;
  readonly pool: ConnectionPool;
  /** Those that were opened. */
  readonly connections: Http1Connection[] = [];

  constructor(
    readonly url: string,
    { isStream = false, resolution = 1, connectTimeout = 5_000 }: SceneOptions = {},
  ) {
    this.deadlines = new Deadlines(resolution);
    const settings: OpenerSettings = { connectTimeout, tls: undefined, rules: { maxHead: 1_000 } };
    const opener = new ConnectionOpener(backendAt(url), settings, this.deadlines);
    this.pool = new ConnectionPool({ max: 1, maxIdle: 1, idleTimeout: 0 }, (opened, failed) =>
      opener.open(this.pool, isStream, connection => (this.connections.push(connection), opened(connection)), failed),
    );
    closeLater(() => this.pool.close());
  }

  /** Connections that are used, those that are not, and attempts that wait for one. */
  get figures(): readonly number[] {
    return [this.pool.active, this.pool.idle, this.pool.pending];
  }

  /** Sends a request that is a plain GET but for `change`. */
  send<Observer extends RecordedAttempt>(
    change: Partial<ForwardRequest> = {},
    observer = new RecordedAttempt() as Observer,
  ): { readonly observer: Observer; readonly attempt: Http1Attempt } {
    const attempt = new Http1Attempt({ ...plainRequest, ...change }, observer, this.pool, this.deadlines);
    attempt.begin();
    return { observer, attempt };
  }
}

/** A scene with a backend of this script, to which one request has been sent. */
export async function sendTo<Observer extends RecordedAttempt>(
  script: RawScript,
  change: Partial<ForwardRequest> = {},
  options: SceneOptions & { readonly observer?: Observer } = {},
) {
  const backend = await startRawBackend(script);
  const scene = new CarriedScene(backend.url, options);
  return { backend, scene, ...scene.send(change, options.observer) };
}
