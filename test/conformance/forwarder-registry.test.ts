import { Module } from '@nestjs/common';
import { IsIn, IsString } from 'class-validator';
import type { Plugin } from 'http-proxy-middleware';
import { describe, expect, it } from 'vitest';
import { HTTP_PROXY_MIDDLEWARE_PLUGINS } from '../../src/proxy/forwarder/builtin-forwarders.js';
import type { AttemptObserver } from '../../src/proxy/forwarder/forwarder.js';
import { Forwarder, type ForwarderFactory } from '../../src/proxy/forwarder/registered-forwarder.js';
import { parseConfig } from '../../src/config/loading/load-config.js';
import type { BackendPools } from '../../src/proxy/forwarder/backend-pools.js';
import { createGateway } from '../../src/standalone.js';
import { startBackend, type Echo } from '../support/backend.js';
import { rawRequest, request } from '../support/client.js';
import { valuesOf } from '../support/header-list.js';
import { startInProcess } from '../support/in-process.js';

@Forwarder('canned')
class Canned implements ForwarderFactory {
  create(): Forwarder {
    return {
      forward: ({ path }, backend, observer: AttemptObserver) => {
        observer.sent();
        observer.head(200, 'OK', ['X-Backend', backend.id]);
        observer.data(Buffer.from(`canned ${path}`));
        observer.end(undefined);
        return { resume: () => {}, setIdleTimeout: () => {}, abort: () => {} };
      },
      connections: () => ({ active: 0, idle: 0, pending: 0 }),
      close: () => Promise.resolve(),
    };
  }
}

class TapeOptions {
  @IsString()
  label = 'untitled';

  @IsIn(['connecting', 'answering', 'sending', 'never'])
  stops = 'never';
}

/** Stops at a step of an attempt, and keeps no time: the gateway does. */
@Forwarder('tape', { options: TapeOptions })
class Tape implements ForwarderFactory {
  #options = new TapeOptions();

  configure(options: TapeOptions): void {
    this.#options = options;
  }

  create(_: BackendPools, makeDefault: () => Forwarder): Forwarder {
    const { label, stops } = this.#options;
    const carrier = makeDefault();
    return {
      forward: (request, backend, observer) => {
        if (stops === 'never') {
          return carrier.forward({ ...request, headers: [...request.headers, 'X-Tape', label] }, backend, observer);
        }
        if (stops !== 'connecting') observer.sent();
        if (stops === 'sending') {
          observer.head(200, 'OK', ['Content-Length', '9']);
          observer.data(Buffer.from('half'));
        }
        return { resume: () => {}, setIdleTimeout: () => {}, abort: () => {} };
      },
      connections: backend => carrier.connections(backend),
      close: () => carrier.close(),
    };
  }
}

/** Stands in the place of one that comes with the gateway. */
@Forwarder('http-proxy-middleware', { replaces: true })
class Instead extends Canned {}

@Module({ providers: [Canned, Tape] })
class CannedModule {}

/** A module with one list of plug-ins. */
function plugins(...list: readonly Plugin[]) {
  @Module({ providers: [{ provide: HTTP_PROXY_MIDDLEWARE_PLUGINS, useValue: list }] })
  class PluginModule {}
  return PluginModule;
}

const upstreams = (url: string, forwarder: string) => ({ upstreams: { app: { backends: [url], forwarder } } });

describe('forwarders by name', () => {
  it('uses the one that a module registers', async () => {
    const { port } = await startInProcess(upstreams('http://127.0.0.1:9', 'canned'), { imports: [CannedModule] });
    const response = await request(port, { path: '/a' });
    expect([response.text, response.header('x-backend')]).toEqual(['canned /a', '127.0.0.1:9']);
  });

  it('does not start with a name that no module has registered, and lists the known ones', async () => {
    await expect(
      startInProcess(upstreams('http://127.0.0.1:9', 'undicy'), { imports: [CannedModule] }),
    ).rejects.toThrow(
      'upstreams.app.forwarder: no forwarder is named "undicy", known are canned, default, http-proxy-middleware, tape, undici (did you mean "undici"?)',
    );
  });
});

describe('a forwarder of an application', () => {
  it('has its options and the time limits of the gateway, and may stand before the one that comes with it', async () => {
    const backend = await startBackend();
    const timeouts = { connect: '100ms', response: '100ms', idle: '100ms' };
    const upstream = (forwarder: object) => ({
      backends: [backend.url],
      forwarder,
      timeouts,
      retries: { attempts: 0 },
    });
    const stops = ['connecting', 'answering', 'sending'];
    const { port } = await startInProcess(
      {
        upstreams: {
          app: upstream({ name: 'tape', label: 'b-side' }),
          ...Object.fromEntries(stops.map(each => [each, upstream({ name: 'tape', stops: each })])),
        },
        routes: [
          ...stops.map(each => ({ match: { path: `/${each}` }, upstream: each })),
          { match: { path: '/*' }, upstream: 'app' },
        ],
      },
      { imports: [CannedModule] },
    );
    const echo = (await request(port, { path: '/' })).json<Echo>();
    expect(valuesOf(echo.headers, 'x-tape')).toEqual(['b-side']);
    const answers = await Promise.all(
      ['/connecting', '/answering'].map(async path => {
        const response = await request(port, { path });
        return [response.status, response.header('x-gateway-error')];
      }),
    );
    expect(answers).toEqual([
      [504, 'CONNECT_TIMEOUT'],
      [504, 'HEAD_TIMEOUT'],
    ]);
    await expect(request(port, { path: '/sending' })).rejects.toThrow();
  });

  it('may take the place of one that comes with the gateway', async () => {
    @Module({ providers: [Instead] })
    class InsteadModule {}
    const { port } = await startInProcess(upstreams('http://127.0.0.1:9', 'http-proxy-middleware'), {
      imports: [InsteadModule],
    });
    expect((await request(port, { path: '/b' })).text).toBe('canned /b');
  });

  it('is refused with the line of what is wrong with its options', async () => {
    const text = `upstreams:
  app:
    backends: [http://127.0.0.1:9]
    forwarder:
      name: tape
      lable: a
`;
    await expect(createGateway(parseConfig(text).config, { imports: [CannedModule] })).rejects.toThrow(
      /^gateway\.yaml:6:7 upstreams\.app\.forwarder\.lable: unknown option \(did you mean "label"\?\)$/,
    );
  });
});

describe('plug-ins of http-proxy-middleware', () => {
  const start = async (url: string, ...imports: ReturnType<typeof plugins>[]) =>
    startInProcess(upstreams(url, 'http-proxy-middleware'), { imports });

  it('see the request of the client and change the one to the backend', async () => {
    const backend = await startBackend();
    const seen: unknown[] = [];
    const { port } = await start(
      backend.url,
      plugins(proxy =>
        proxy.on('proxyReq', (outgoing, { method, url, headers, socket }) => {
          seen.push(method, url, headers['x-a'], socket.remoteAddress, outgoing.getHeader('via'));
          outgoing.setHeader('X-Plugin', ['1', '2']);
          outgoing.removeHeader('x-a');
        }),
      ),
    );
    const { headers } = (
      await request(port, { method: 'POST', path: '/p?q', headers: { 'X-A': 'a' }, body: 'hi' })
    ).json<Echo>();
    expect(seen).toEqual(['POST', '/p?q', 'a', '127.0.0.1', expect.stringMatching(/^1\.1 gatehouse-/)]);
    expect([valuesOf(headers, 'x-plugin'), valuesOf(headers, 'x-a')]).toEqual([['1', '2'], []]);
  });

  it('change the head of the response, and no other field of it', async () => {
    const fields = ['X-B', '1', 'Server', 'old', 'X-B', '2', 'Set-Cookie', 'a=1', 'X-Gone', 'x'];
    const backend = await startBackend((_, response) => response.writeHead(200, fields).end('body'));
    const { port } = await start(
      backend.url,
      plugins(proxy =>
        proxy.on('proxyRes', (incoming, _, response) => {
          incoming.statusCode = 203;
          incoming.headers['server'] = 'new';
          incoming.headers['set-cookie']?.push('b=2');
          incoming.headers['content-length'] = '1';
          delete incoming.headers['x-gone'];
          response.setHeader('X-Set', 'yes');
        }),
      ),
    );
    const response = await request(port);
    expect([response.status, response.text]).toEqual([203, 'body']);
    const names = ['x-b', 'server', 'set-cookie', 'x-gone', 'x-set'];
    expect(names.map(name => response.headerValues(name))).toEqual([['1', '2'], ['new'], ['a=1', 'b=2'], [], ['yes']]);
  });

  it('of several modules are all used', async () => {
    const backend = await startBackend();
    const adding =
      (name: string): Plugin =>
      proxy =>
        proxy.on('proxyReq', outgoing => outgoing.setHeader(name, '1'));
    const { port } = await start(backend.url, plugins(adding('X-One')), plugins(adding('X-Two'), adding('X-Three')));
    const { headers } = (await request(port)).json<Echo>();
    expect(['x-one', 'x-two', 'x-three'].map(name => valuesOf(headers, name))).toEqual([['1'], ['1'], ['1']]);
  });

  it('cannot answer the client', async () => {
    const backend = await startBackend((_, response) => response.end('from the backend'));
    const { port } = await start(
      backend.url,
      plugins(proxy => {
        proxy.on('start', (_, response) => response.writeHead(418).end('from the plug-in'));
        proxy.on('proxyRes', (_incoming, _request, response) => response.end('from the plug-in'));
      }),
    );
    const response = await request(port);
    expect([response.status, response.text]).toEqual([200, 'from the backend']);
  });

  it('that throw cost their request and nothing else', async () => {
    const backend = await startBackend();
    const events = ['start', 'proxyReq', 'proxyRes'] as const;
    const throwing = (event: string, { url }: { readonly url?: string | undefined }): void => {
      if (url === `/${event}`) throw new Error(`thrown in ${event}`);
    };
    const gateway = await start(
      backend.url,
      plugins(proxy => {
        proxy.on('start', client => throwing('start', client));
        proxy.on('proxyReq', (_, client) => throwing('proxyReq', client));
        proxy.on('proxyRes', (_, client) => throwing('proxyRes', client));
      }),
    );
    for (const event of events) {
      const response = await request(gateway.port, { path: `/${event}` });
      expect([response.status, response.header('x-gateway-error')], event).toEqual([500, 'INTERNAL']);
      expect(response.text).not.toContain('thrown');
      const line = await gateway.waitForLog(({ path }) => path === `/${event}`);
      expect(line).toMatchObject({ reason: `Error: thrown in ${event}` });
      expect((await request(gateway.port, { path: '/fine' })).status).toBe(200);
    }
    const chunked = 'POST /proxyReq HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
    expect((await rawRequest(gateway.port, chunked)).status).toBe(500);
  });
});
