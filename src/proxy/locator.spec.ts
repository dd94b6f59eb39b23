import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { roadTo, type RequestOptions } from '../../test/support/road-scene.js';
import type { GatewayError } from '../http/gateway-error.js';
import { Http1Message } from './client/http1-message.js';
import { Http2Head } from './client/http2-head.js';
import type { Exchange } from './exchange.js';
import { Locator, type HeadLimits } from './locator.js';

const limits: HeadLimits = { maxUrl: 100, maxHeaders: 10, maxHeaderSize: 200 };
const routes = [
  { name: 'tunnels', match: { path: '/ws' }, upstream: 'app' },
  { name: 'plain', match: { path: '/plain' }, upstream: 'app', websocket: { upgrades: ['websocket'] } },
  { name: 'fixed', match: { path: '/fixed' }, respond: { status: 403 } },
  { name: 'other', match: { hosts: ['other.example'] }, upstream: 'app' },
];

interface Located {
  readonly exchange: Exchange;
  readonly refusal: GatewayError | undefined;
}

const flow = { resumeBody: () => {} };

/** Locates a request by HTTP/1.1, or what its options say. */
async function locating() {
  const road = await roadTo(['a'], {}, { routes });
  const locator = new Locator(road.plans, limits);
  const locate = (url: string, options: RequestOptions & { minor?: number } = {}): Located => {
    const { exchange } = road.open(options);
    const { message: sent, method } = exchange;
    const { minor = 1 } = options;
    const message = new Http1Message(method, url, sent.rawHeaders, minor, false, new Socket(), flow);
    return { exchange, refusal: locator.locate(exchange, message) };
  };
  const stream = (pseudo: Record<string, string>, fields: string[] = [], isTrusted = false): Located => {
    const all = { ':method': 'GET', ':scheme': 'http', ':path': '/ws', ':authority': 'a.example', ...pseudo };
    const head = new Http2Head([...Object.entries(all).flat(), ...fields]);
    const { exchange } = road.open({ httpVersion: '2.0', method: head.method, fields, peerTrusted: isTrusted });
    return { exchange, refusal: locator.locateStream(exchange, head) };
  };
  return { locate, stream };
}

describe('a request', () => {
  it('is found its host, path and route', async () => {
    const { locate } = await locating();
    const { exchange, refusal } = locate('/ws?x=1');
    expect([refusal, exchange.path, exchange.query, exchange.host, exchange.routeName]).toEqual([
      undefined,
      '/ws',
      'x=1',
      'a.example',
      'tunnels',
    ]);
    expect([exchange.location.forwardedPath, exchange.routingPath, exchange.location.hostPort]).toEqual([
      '/ws',
      '/ws',
      '',
    ]);
    expect(locate('/nothing').exchange.routeName).toBeUndefined();
  });

  it('is for the host of its target, where that is absolute', async () => {
    const { locate } = await locating();
    const { exchange } = locate('http://Other.example:81/x');
    expect([exchange.host, exchange.location.hostPort, exchange.location.authority, exchange.routeName]).toEqual([
      'other.example',
      '81',
      'Other.example:81',
      'other',
    ]);
  });

  it('is refused with the status that says why', async () => {
    const { locate } = await locating();
    const refused: readonly (readonly [status: number, found: Located])[] = [
      [405, locate('a.example:443', { method: 'CONNECT' })],
      [414, locate(`/${'x'.repeat(100)}`)],
      [431, locate('/', { fields: ['X-Long', 'x'.repeat(200)] })],
      [431, locate('/', { fields: Array.from({ length: 20 }, () => 'X') })],
      [400, locate('nonsense')],
      [400, locate('*')],
      [400, locate('/', { fields: ['Host', 'b.example'] })],
      [400, locate('http://a b/')],
      [400, locate('/', { fields: ['Transfer-Encoding', 'chunked'], minor: 0 })],
      [501, locate('/', { fields: ['Transfer-Encoding', 'gzip'] })],
      [413, locate('/', { fields: ['Content-Length', '99999999999999999999'] })],
    ];
    expect(refused.map(([, { refusal }]) => refusal?.status)).toEqual(refused.map(([status]) => status));
    expect(locate('*', { method: 'OPTIONS' }).refusal).toBeUndefined();
  });

  it('may have any method but CONNECT', async () => {
    const { locate } = await locating();
    expect(locate('/ws', { method: 'DESCRIBE' })).toMatchObject({
      refusal: undefined,
      exchange: { routeName: 'tunnels' },
    });
  });

  it('is found by the path that its spelling stands for, and never served where another reading is kept out', async () => {
    const { locate } = await locating();
    const { exchange } = locate('/x/%2e%2e/ws');
    expect([exchange.path, exchange.routeName]).toEqual(['/x/%2e%2e/ws', 'tunnels']);
    const kept = locate('/ws/../x/..%2f..%2ffixed');
    expect(kept.refusal?.status ?? kept.exchange.routeName).not.toBe('tunnels');
  });
});

describe('a request on an HTTP/2 stream', () => {
  it('is found its host, path and route', async () => {
    const { stream } = await locating();
    const { exchange, refusal } = stream({ ':path': '/ws?x' });
    expect([refusal, exchange.host, exchange.path, exchange.query, exchange.routeName]).toEqual([
      undefined,
      'a.example',
      '/ws',
      'x',
      'tunnels',
    ]);
  });

  it('is refused with the status that says why', async () => {
    const { stream } = await locating();
    const connect = { ':method': 'CONNECT' };
    const refused: readonly (readonly [status: number, found: Located])[] = [
      [414, stream({ ':path': `/${'x'.repeat(100)}` })],
      [405, stream(connect)],
      [400, stream({ ':protocol': 'websocket' })],
      [400, stream({ ':path': 'nonsense' })],
      [400, stream({ ':path': '*' })],
      [400, stream({ ':scheme': 'https' })],
      [400, stream({ ':authority': 'a b' })],
      [400, stream({}, ['host', 'b.example'])],
      [400, stream({}, ['transfer-encoding', 'chunked'])],
      [417, stream({}, ['expect', '100-continue'])],
      [501, stream({ ...connect, ':protocol': 'connect-udp' })],
      [400, stream({ ...connect, ':protocol': 'websocket' }, ['content-length', '1'])],
    ];
    expect(refused.map(([, { refusal }]) => refusal?.status)).toEqual(refused.map(([status]) => status));
  });

  it('may have the scheme of the client of a trusted proxy, and of HTTP alone', async () => {
    const { stream } = await locating();
    const statuses = ['http', 'https', 'ftp'].map(scheme => stream({ ':scheme': scheme }, [], true).refusal?.status);
    expect(statuses).toEqual([undefined, undefined, 400]);
  });

  it('has a body that is chunked where its length is not known, but for an upgrade', async () => {
    const { stream } = await locating();
    expect(stream({}).exchange.head.chunked).toBe(true);
    expect(stream({}, ['content-length', '1']).exchange.head.chunked).toBe(false);
    const upgrade = stream({ ':method': 'CONNECT', ':protocol': 'websocket' });
    expect([upgrade.refusal, upgrade.exchange.head.chunked]).toEqual([undefined, false]);
  });
});
