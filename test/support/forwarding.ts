import type { Duplex } from 'node:stream';
import type { GatewayError } from '../../src/http/gateway-error.js';
import { ClientBody } from '../../src/proxy/client/client-body.js';
import { RequestBody } from '../../src/proxy/client/request-body.js';
import { BackendPools } from '../../src/proxy/forwarder/backend-pools.js';
import type { AttemptObserver, ForwardRequest } from '../../src/proxy/forwarder/forwarder.js';
import { LiveBackend } from '../../src/upstream/live-backend.js';
import { closeLater } from './cleanup.js';
import { FakeMessage } from './fake-message.js';
import { eventually } from './poll.js';

/** A GET without anything particular and without time limits. */
export const plainRequest: ForwardRequest = {
  method: 'GET',
  path: '/',
  headers: ['Host', 'a'],
  body: undefined,
  expectsContinue: false,
  connectTimeout: 0,
  responseTimeout: 0,
  idleTimeout: 0,
};

/** A backend at this address. */
export function backendAt(url: string, unix?: string): LiveBackend {
  return new LiveBackend({ id: url, url, unix, weight: 1, backup: false }, () => {});
}

/** Connections to backends, closed when the test has finished: at most 4 to each. */
export function openPools(connectTimeout = 1_000): BackendPools {
  const pools = new BackendPools({ connections: { max: 4, idleTimeout: 10_000 }, connectTimeout });
  closeLater(() => pools.close());
  return pools;
}

/** An observer that keeps what it is told. */
export class RecordedAttempt implements AttemptObserver {
  /** `sent`, statuses, `end`, `upgraded`, and the code of an error, in their order. */
  readonly told: unknown[] = [];
  body = '';
  headers: string[] = [];
  trailers: string[] = [];
  error: GatewayError | undefined;
  stale = false;
  unsent = false;
  connection: Duplex | undefined;
  /** What `data` gives back. */
  wantsMore = true;

  sent(): void {
    this.told.push('sent');
  }

  informational(status: number): void {
    this.told.push(status);
  }

  head(status: number, _message: string, headers: readonly (Buffer | string)[]): void {
    this.told.push(status);
    this.headers = headers.map(String);
  }

  data(chunk: Buffer): boolean {
    this.body += chunk.toString('latin1');
    return this.wantsMore;
  }

  end(trailers: readonly (Buffer | string)[] = []): void {
    this.told.push('end');
    this.trailers = trailers.map(String);
  }

  upgraded(_headers: readonly string[], connection: Duplex, head: Buffer): void {
    this.told.push('upgraded');
    this.connection = connection;
    this.body += head.toString('latin1');
  }

  fail(error: GatewayError, stale = false, unsent = false): void {
    this.told.push(error.code);
    this.error = error;
    this.stale = stale;
    this.unsent = unsent;
  }

  /** Waits until it is told no more: the attempt has ended, failed, or handed its connection over. Gives all that was told. */
  async over(): Promise<readonly unknown[]> {
    await eventually(() => this.error !== undefined || this.told.at(-1) === 'end' || this.told.at(-1) === 'upgraded');
    return this.told;
  }
}

/** A body that a client sends when the test says so; without a length it is chunked. */
export function upload(length?: string): { readonly source: FakeMessage; readonly body: RequestBody } {
  const source = new FakeMessage();
  const client = new ClientBody(source.asMessage(), length, 0, 0);
  const body = client.open();
  client.begin();
  if (!(body instanceof RequestBody)) throw new Error('the body could not be opened as a stream');
  return { source, body };
}
