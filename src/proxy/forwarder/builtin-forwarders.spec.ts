import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { describe, expect, it } from 'vitest';
import { backendAt, openPools, plainRequest, RecordedAttempt } from '../../../test/support/forwarding.js';
import { always, startRawBackend } from '../../../test/support/raw-backend.js';
import { builtinForwarders, HTTP_PROXY_MIDDLEWARE_PLUGINS } from './builtin-forwarders.js';
import type { LibraryPlugin } from './http-proxy-middleware-forwarder.js';
import { Http1Forwarder } from './http1-forwarder.js';
import { Forwarders } from './registered-forwarder.js';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A plug-in that adds its letter to the field `X-Plugins`. */
const signing =
  (letter: string): LibraryPlugin =>
  server => {
    server.on('proxyReq', outgoing => {
      outgoing.setHeader('X-Plugins', `${String(outgoing.getHeader('X-Plugins') ?? '')}${letter}`);
    });
  };

const listOf = (...letters: string[]) => ({
  provide: HTTP_PROXY_MIDDLEWARE_PLUGINS,
  useValue: letters.map(signing),
});

@Module({ providers: [listOf('a', 'b')] })
class FirstModule {}

@Module({ providers: [listOf('c')] })
class SecondModule {}

async function forwarders(): Promise<Forwarders> {
  const module = await Test.createTestingModule({
    imports: [DiscoveryModule, FirstModule, SecondModule],
    providers: [Forwarders, ...builtinForwarders],
  }).compile();
  await module.init();
  return module.get(Forwarders);
}

describe('the forwarders that come with the gateway', () => {
  it.each(['default', 'undici', 'http-proxy-middleware'])('carry a request: %s', async name => {
    const backend = await startRawBackend(always(ok));
    const factory = await (await forwarders()).create({ name, path: ['upstreams', 'app', 'forwarder'] });
    const attempt = new RecordedAttempt();
    const pools = openPools();
    factory.create(pools, () => new Http1Forwarder(pools)).forward(plainRequest, backendAt(backend.url), attempt);
    expect(await attempt.over()).toEqual(['sent', 200, 'end']);
  });

  it('are two, one of them by two names', async () => {
    expect((await forwarders()).names).toEqual(['default', 'http-proxy-middleware', 'undici']);
  });

  it('use the plug-ins of all modules in their order, and the default none', async () => {
    const backend = await startRawBackend(always(ok));
    const all = await forwarders();
    for (const name of ['default', 'http-proxy-middleware', 'undici']) {
      const attempt = new RecordedAttempt();
      const factory = await all.create({ name, path: ['upstreams', 'app', 'forwarder'] });
      const pools = openPools();
      factory.create(pools, () => new Http1Forwarder(pools)).forward(plainRequest, backendAt(backend.url), attempt);
      await attempt.over();
    }
    expect(backend.connections.map(({ text }) => /X-Plugins: (.*)/.exec(text)?.[1])).toEqual([
      undefined,
      'abc',
      undefined,
    ]);
  });
});
