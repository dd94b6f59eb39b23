import { existsSync, linkSync } from 'node:fs';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import pino from 'pino';
import { Counter } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { connectRaw, request } from '../../test/support/client.js';
import { eventually } from '../../test/support/poll.js';
import { tempFolder } from '../../test/support/temp.js';
import { TrustedProxies } from '../http/client-address.js';
import { ConnectionMetrics } from '../metrics/connection-metrics.js';
import type { CertificateMetrics } from '../metrics/certificate-metrics.js';
import type { ClientErrors } from './client-errors.js';
import { authority, Listener, type ListenerSettings, type RequestHandler } from './listener.js';

const limits = {
  connections: 10,
  headerTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  requestsPerConnection: 0,
  minBodyRate: 0,
  writeTimeout: 0,
};

type Changes = Partial<Omit<ListenerSettings, 'limits'>> & { readonly limits?: Partial<typeof limits> };

const ok: RequestHandler = (_request, response) => response.end('ok');

/** A listener on a free port of loopback that answers everything with `ok`. */
function listenerWith({ limits: limited, ...changes }: Changes = {}, handle: RequestHandler = ok) {
  const refusals = new Counter({ name: 'x', help: 'x', labelNames: ['listener', 'reason'], registers: [] });
  const settings: ListenerSettings = {
    name: 'web',
    host: '127.0.0.1',
    port: 0,
    proxyProtocol: false,
    trustUnknown: false,
    http2: false,
    ...changes,
    limits: { ...limits, ...limited },
  };
  const sut = new Listener(settings, 16_384, handle, {
    errors: { broken: (_error: unknown, socket: net.Socket) => void socket.destroy() } as unknown as ClientErrors,
    streams: { handle: () => {}, head: { maxHeaders: 100, maxHeaderSize: 16_384, maxUrl: 8_192 } },
    upgrades: { offer: () => undefined, take: (_request, socket) => void socket.destroy() },
    trusted: new TrustedProxies([]),
    connections: new ConnectionMetrics(refusals),
    certificates: undefined as unknown as CertificateMetrics,
    log: pino({ level: 'silent' }),
  });
  closeLater(() => sut.close());
  const refused = async () =>
    (await refusals.get()).values.map(({ labels, value }) => [labels['listener'], labels['reason'], value]);
  return { sut, refused };
}

const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a listener', () => {
  it('serves on the address that it tells', async () => {
    const { sut } = listenerWith();
    expect(sut.port).toBeUndefined();
    await sut.listen();
    expect(sut.url).toBe(`http://127.0.0.1:${sut.port}`);
    expect((await request(sut.port!)).text).toBe('ok');
    expect([authority('::1', 80), authority('a.example', 80)]).toEqual(['[::1]:80', 'a.example:80']);
  });

  it('serves on a unix socket, also where a process that crashed has left one', async () => {
    const unix = join(await tempFolder(), 'gw.sock');
    const crashed = net.createServer().listen(unix);
    await once(crashed, 'listening');
    const { sut } = listenerWith({ unix });
    await expect(sut.listen()).rejects.toThrow(
      `listener "web": cannot listen on ${unix}: another program listens there`,
    );
    // Node removes the file of a server that is closed, under its first name.
    const left = `${unix}.left`;
    linkSync(unix, left);
    crashed.close();
    await once(crashed, 'close');
    expect(existsSync(left)).toBe(true);
    const { sut: next } = listenerWith({ unix: left });
    await next.listen();
    expect([next.url, next.port, next.unix]).toEqual([`unix:${left}`, undefined, true]);
    expect((await request(0, { socketPath: left })).text).toBe('ok');
  });

  it('takes no more connections than it may have, and counts those that it turns away', async () => {
    const { sut, refused } = listenerWith({ limits: { connections: 2 } });
    await sut.listen();
    const kept = [await connectRaw(sut.port!), await connectRaw(sut.port!)];
    await eventually(() => sut.connections === 2);
    const third = await connectRaw(sut.port!);
    await third.closed();
    expect(await refused()).toEqual([['web', 'limit', 1]]);
    kept[0]!.close();
    await eventually(() => sut.connections === 1);
    expect((await request(sut.port!)).text).toBe('ok');
  });

  it('ends a connection behind the last request that it may carry, and takes none that come behind it', async () => {
    const seen: (string | undefined)[] = [];
    const { sut } = listenerWith({ limits: { requestsPerConnection: 2 } }, ({ url }, response) => {
      seen.push(url);
      response.end('ok');
    });
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send(['/1', '/2', '/3'].map(path => get.replace('/', path)).join(''));
    const answers = [await client.response(), await client.response()];
    expect(answers.map(each => each.header('connection'))).toEqual(['keep-alive', 'close']);
    expect(await client.closed()).toBe('end');
    expect(seen).toEqual(['/1', '/2']);
  });
});

describe('a listener that ends', () => {
  it('takes no new connections, but the request of one that stands', async () => {
    const { sut } = listenerWith();
    await sut.listen();
    const { port } = sut;
    const client = await connectRaw(port!);
    await eventually(() => sut.connections === 1);
    sut.drain();
    expect(sut.draining).toBe(true);
    await expect(request(port!)).rejects.toThrow('ECONNREFUSED');
    client.send(get);
    expect((await client.response()).text).toBe('ok');
  });

  it('cuts all connections when it is closed', async () => {
    const { sut } = listenerWith({}, () => {});
    await sut.listen();
    const clients = [await connectRaw(sut.port!), await connectRaw(sut.port!)];
    clients[0]!.send(get);
    await eventually(() => sut.connections === 2);
    sut.close();
    for (const client of clients) await client.closed();
    expect(sut.connections).toBe(0);
    await expect(request(sut.port!)).rejects.toThrow('ECONNREFUSED');
  });
});
