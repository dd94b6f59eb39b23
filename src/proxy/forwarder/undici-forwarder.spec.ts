import type { Agent } from 'node:http';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../../test/support/cleanup.js';
import { backendAt, plainRequest, RecordedAttempt, upload } from '../../../test/support/forwarding.js';
import { eventually } from '../../../test/support/poll.js';
import { always, startRawBackend } from '../../../test/support/raw-backend.js';
import type { Backend } from '../../upstream/backend.js';
import { ClientTie } from '../client/client-tie.js';
import { BackendPools, type BackendPool } from './backend-pools.js';
import type { ForwardRequest } from './forwarder.js';
import { UndiciForwarder } from './undici-forwarder.js';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Pools that keep which library was given a connection. */
class WatchedPools extends BackendPools {
  readonly used: string[] = [];

  override pool(backend: Backend): BackendPool {
    this.used.push('undici');
    return super.pool(backend);
  }

  override agent(...of: Parameters<BackendPools['agent']>): Agent {
    this.used.push('node:http');
    return super.agent(...of);
  }
}

function start() {
  const pools = new WatchedPools({ connections: { max: 4, idleTimeout: 10_000 }, connectTimeout: 1_000 });
  const forwarder = new UndiciForwarder(pools);
  closeLater(() => forwarder.close());
  return { pools, forwarder };
}

describe('the forwarder undici', () => {
  it.each<[string, Partial<ForwardRequest>, string]>([
    ['a GET', {}, 'undici'],
    ['a body that is held', { method: 'POST', body: Buffer.from('held') }, 'undici'],
    ['a body of a known length', { method: 'POST', body: upload('4').body }, 'undici'],
    ['a chunked body', { method: 'POST', body: upload().body }, 'node:http'],
    ['an upgrade', { upgrade: 'websocket' }, 'node:http'],
    ['what may last', { ownConnection: true }, 'node:http'],
    ['a tied request', { tie: new ClientTie() }, 'node:http'],
    ['an expectation', { expectsContinue: true }, 'node:http'],
    ['a request that takes trailers', { acceptsTrailers: true }, 'node:http'],
    ['OPTIONS *', { method: 'OPTIONS', path: '*' }, 'node:http'],
  ])('gives %s to the library that can carry it', async (_, change, library) => {
    const backend = await startRawBackend();
    const { pools, forwarder } = start();
    const request = { ...plainRequest, ...change };
    const control = forwarder.forward(request, backendAt(backend.url), new RecordedAttempt());
    expect(pools.used).toEqual([library]);
    control.abort();
  });

  it('counts the connections of both libraries together', async () => {
    const backend = await startRawBackend(always(ok));
    const { forwarder } = start();
    const live = backendAt(backend.url);
    for (const acceptsTrailers of [false, true]) {
      const attempt = new RecordedAttempt();
      forwarder.forward({ ...plainRequest, acceptsTrailers }, live, attempt);
      expect(await attempt.over()).toEqual(['sent', 200, 'end']);
    }
    await eventually(() => expect(forwarder.connections(live)).toEqual({ active: 0, idle: 2, pending: 0 }));
  });
});
