import { existsSync, linkSync } from 'node:fs';
import { once } from 'node:events';
import net from 'node:net';
import { join } from 'node:path';
import pino from 'pino';
import { Counter } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { connectRaw, request } from '../../test/support/client.js';
import { answer } from '../../test/support/connection-scene.js';
import { connectCleartextHttp2 } from '../../test/support/http2-client.js';
import { eventually } from '../../test/support/poll.js';
import { tempFolder } from '../../test/support/temp.js';
import { TrustedProxies } from '../http/client-address.js';
import { ConnectionMetrics } from '../metrics/connection-metrics.js';
import type { CertificateMetrics } from '../metrics/certificate-metrics.js';
import { authority, Listener, type HandleRequest, type ListenerSettings } from './listener.js';

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

const ok: HandleRequest = (_message, channel) => answer(channel);

/** A listener on a free port of loopback that answers everything with `ok`. */
function listenerWith({ limits: limited, ...changes }: Changes = {}, handle: HandleRequest = ok) {
  const refusals = new Counter({ name: 'x', help: 'x', labelNames: ['listener', 'reason'], registers: [] });
  const settings: ListenerSettings = {
    name: 'web',
    host: '127.0.0.1',
    port: 0,
    proxyProtocol: false,
    trustUnknown: false,
    http2: false,
    h2c: false,
    ...changes,
    limits: { ...limits, ...limited },
  };
  const told: string[] = [];
  const sut = new Listener(settings, 16_384, handle, {
    errors: {
      refuse: (trouble, socket, { name }) => {
        told.push(`${name}: refused, ${typeof trouble === 'string' ? trouble : trouble.kind}`);
        socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      },
      breakOff: (trouble, socket) => {
        told.push(`broken off, ${typeof trouble === 'string' ? trouble : trouble.kind}`);
        socket.destroy();
      },
    },
    over: (_socket, isWhole) => void told.push(isWhole ? 'whole' : 'gone'),
    streams: {
      handle: stream => stream.end('over HTTP/2'),
      head: { maxHeaders: 100, maxHeaderSize: 16_384, maxUrl: 8_192 },
    },
    trusted: new TrustedProxies([]),
    connections: new ConnectionMetrics(refusals),
    certificates: undefined as unknown as CertificateMetrics,
    log: pino({ level: 'silent' }),
  });
  closeLater(() => sut.close());
  const refused = async () =>
    (await refusals.get()).values.map(({ labels, value }) => [labels['listener'], labels['reason'], value]);
  return { sut, refused, told };
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
    const seen: string[] = [];
    const { sut } = listenerWith({ limits: { requestsPerConnection: 2 } }, ({ target }, channel) => {
      seen.push(target);
      answer(channel);
    });
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send(['/1', '/2', '/3'].map(path => get.replace('/', path)).join(''));
    const answers = [await client.response(), await client.response()];
    expect(answers.map(each => each.header('connection'))).toEqual(['keep-alive', 'close']);
    expect(await client.closed()).toBe('end');
    expect(seen).toEqual(['/1', '/2']);
  });

  it('has a message refused that cannot be read, and ends its connection behind the answer', async () => {
    const { sut, told } = listenerWith();
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send(`GET / HTTP/1.1\r\nno colon\r\n\r\n${get}`);
    expect([(await client.response()).status, await client.closed()]).toEqual([400, 'end']);
    client.half();
    await eventually(() => sut.connections === 0);
    expect(told).toEqual(['web: refused, malformed']);
  });

  it('has a request broken off whose body cannot be read', async () => {
    const { sut, told } = listenerWith({}, () => {});
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n');
    await client.closed();
    await eventually(() => told.length === 2);
    expect(told).toEqual(['broken off, malformed', 'gone']);
  });

  it('looks at the times of its connections', async () => {
    const { sut, told } = listenerWith({ limits: { headerTimeout: 50 } });
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send('GET / HT');
    expect([(await client.response()).status, await client.closed()]).toEqual([400, 'end']);
    expect(told).toEqual(['web: refused, late-head']);
  });

  it('serves HTTP/2 in clear text beside HTTP/1.1 where it is to, and only there', async () => {
    const { sut } = listenerWith({ h2c: true });
    await sut.listen();
    expect((await (await connectCleartextHttp2(sut.port!)).request()).text).toBe('over HTTP/2');
    expect((await request(sut.port!)).text).toBe('ok');
    const { sut: other, told } = listenerWith();
    await other.listen();
    expect((await (await connectCleartextHttp2(other.port!)).request()).status).toBe(0);
    expect(told).toEqual(['web: refused, malformed']);
  });

  it('tells the end of each request', async () => {
    const { sut, told } = listenerWith();
    await sut.listen();
    const client = await connectRaw(sut.port!);
    client.send(get + get);
    await eventually(() => told.length === 2);
    expect(told).toEqual(['whole', 'whole']);
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
