import { once } from 'node:events';
import { Counter } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { serveHttp1, serveHttp2 } from '../../test/support/message-server.js';
import { eventually } from '../../test/support/poll.js';
import { connectRaw } from '../../test/support/raw-client.js';
import { roadTo, type RequestOptions } from '../../test/support/road-scene.js';
import { TrustedProxies } from '../http/client-address.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { RequestFieldRules } from '../http/request-field-rules.js';
import { Signature } from '../http/signature.js';
import { AccessLog } from '../logging/access-log.js';
import { ExchangeMetrics } from '../metrics/exchange-metrics.js';
import type { Http1Channel } from './client/http1-channel.js';
import type { Http1Message } from './client/http1-message.js';
import { Http2Head } from './client/http2-head.js';
import { Http2Message } from './client/http2-message.js';
import type { Exchange } from './exchange.js';
import { Exchanges, exchangesOn, lastExchangeOn } from './exchanges.js';
import { Locator } from './locator.js';

const listener = { name: 'web', scheme: 'http', port: 80, unix: false, draining: false } as const;
const get = 'GET / HTTP/1.1\r\nHost: a.example\r\n';

/** An access log that keeps the records. */
class KeptLog extends AccessLog {
  readonly records: ExchangeRecord[] = [];

  override write(record: ExchangeRecord): void {
    this.records.push(record);
  }
}

/** Exchanges of all routes of a road. `take`: what is done with each that begins. */
async function exchanges(take: (exchange: Exchange) => void = () => {}, trusted: string[] = []) {
  const road = await roadTo(['a']);
  const settings = { enabled: true, sample: 1, exclude: [], redact: [], fields: new Map(), only: [], maskAddress: 32 };
  const look = { format: 'json', isColored: false, isoTime: false } as const;
  const destination = { begin: () => undefined, end: () => undefined } as never;
  const log = new KeptLog(settings, look, { levelVal: 30 }, destination, Math.random);
  const metrics = new ExchangeMetrics([1]);
  const signature = new Signature({ requestId: road.config.requestId, instance: 'test' });
  const locator = new Locator(road.plans, road.config.security.validation);
  const rules = { plans: road.plans, locator, fields: new RequestFieldRules(), signature };
  const proxies = new TrustedProxies(trusted);
  const load = { isTooMuch: false };
  const overload = { isOver: () => load.isTooMuch };
  const sut = new Exchanges({ current: rules }, proxies, overload, log, metrics);
  const begun: (Exchange | undefined)[] = [];
  const counted = async (): Promise<unknown[]> => {
    const counter = new Counter({ name: 'x', help: 'x', labelNames: ['listener', 'route', 'status'], registers: [] });
    metrics.drainRequests(counter);
    return (await counter.get()).values.map(({ labels, value }) => [labels.status, value]);
  };
  const begin = (message: Http1Message, channel: Http1Channel): void => {
    const exchange = sut.begin(message, channel, listener);
    begun.push(exchange);
    if (exchange !== undefined) take(exchange);
  };
  return { road, sut, log, load, begun, begin, counted };
}

/** The same, behind a server of HTTP/1.1, with a client of it. */
async function over1(take?: (exchange: Exchange) => void, trusted?: string[]) {
  const scene = await exchanges(take, trusted);
  const { begin, sut } = scene;
  const port = await serveHttp1({ begin, over: (socket, isWhole) => sut.over(socket, isWhole) });
  return { ...scene, client: await connectRaw(port) };
}

const answer = (exchange: Exchange): void =>
  exchange.respond({ status: 200, headers: ['Content-Length', '2'], body: 'ok' });

describe('an exchange over HTTP/1.1', () => {
  it('is opened with its head, and closed once with its response: one access line, one count', async () => {
    const { client, sut, log, begun, counted } = await over1();
    client.send(`${get}X-Request-Id: mine\r\n\r\n`);
    await eventually(() => begun.length === 1);
    const [exchange] = begun;
    expect([sut.open, exchange!.host, exchange!.clientIp, exchange!.client.peerTrusted]).toEqual([
      1,
      'a.example',
      '127.0.0.1',
      false,
    ]);
    expect([exchange!.id === 'mine', lastExchangeOn(exchange!.message.socket)]).toEqual([false, exchange]);
    answer(exchange!);
    expect((await client.response()).text).toBe('ok');
    await eventually(() => sut.open === 0);
    expect([log.records, exchange!.times.closedAt > 0, await counted()]).toEqual([[exchange], true, [['200', 1]]]);
    expect(exchangesOn(exchange!.message.socket)).toEqual([]);
  });

  it('believes a trusted proxy who asks, and what the id is', async () => {
    const { client, begun } = await over1(answer, ['127.0.0.1']);
    client.send(`${get}X-Request-Id: mine\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n`);
    await client.response();
    expect([begun[0]!.id, begun[0]!.clientIp, begun[0]!.client.peerTrusted]).toEqual(['mine', '203.0.113.9', true]);
  });

  it('that is refused is answered, ends its connection, and is logged', async () => {
    const { client, begun, log, sut } = await over1();
    client.send('GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n');
    const { status } = await client.response();
    await eventually(() => sut.open === 0);
    expect([status, begun, log.records.map(record => record.errorCode)]).toEqual([400, [undefined], ['DENIED']]);
    await eventually(() => client.socket.destroyed || client.socket.readableEnded);
  });

  it('that has been here before goes no further, and its connection may carry others', async () => {
    const { client, begun } = await over1(answer);
    client.send(`${get}Via: 1.1 gatehouse-test\r\n\r\n`);
    expect((await client.response()).status).toBe(508);
    client.send(`${get}\r\n`);
    expect([(await client.response()).status, begun[0]]).toEqual([200, undefined]);
  });

  it('that is too much goes no further, and its connection may carry others when it is not', async () => {
    const { client, begun, log, load } = await over1(answer);
    load.isTooMuch = true;
    client.send(`${get}\r\n`);
    const refused = await client.response();
    expect([refused.status, refused.header('x-gateway-error'), refused.header('retry-after')]).toEqual([
      503,
      'OVERLOADED',
      '1',
    ]);
    await eventually(() => log.records.length === 1);
    expect([begun, log.records[0]!.routeName]).toEqual([[undefined], 'default']);
    load.isTooMuch = false;
    client.send(`${get}\r\n`);
    expect((await client.response()).status).toBe(200);
  });

  it('whose client leaves is logged with 499, and what it held is given back', async () => {
    const { client, begun, sut, log } = await over1();
    client.send(`${get}\r\n`);
    await eventually(() => begun.length === 1);
    const [exchange] = begun;
    const left: string[] = [];
    exchange!.places = { leave: () => left.push('place') } as never;
    exchange!.borrowed = { giveBack: () => left.push('memory') } as never;
    exchange!.response = { over: Promise.resolve(), close: () => left.push('response') };
    exchange!.underWay = { giveUp: () => left.push('under way') };
    client.socket.destroy();
    await eventually(() => sut.open === 0);
    expect([log.records[0]!.status, log.records.length, left]).toEqual([
      499,
      1,
      ['under way', 'place', 'memory', 'response'],
    ]);
    sut.end(exchange!);
    expect([log.records.length, sut.open]).toEqual([1, 0]);
  });

  it('gives back what policies have taken once, when it is over, and at once when it is over already', async () => {
    const { client, begun, sut } = await over1();
    client.send(`${get}\r\n`);
    await eventually(() => begun.length === 1);
    const [exchange] = begun;
    const given: string[] = [];
    for (const name of ['a', 'b']) exchange!.onClose({ release: () => given.push(name) });
    answer(exchange!);
    expect(given).toEqual([]);
    await client.response();
    await eventually(() => sut.open === 0);
    expect(given).toEqual(['a', 'b']);
    sut.end(exchange!);
    exchange!.onClose({ release: () => given.push('late') });
    expect(given).toEqual(['a', 'b', 'late']);
  });

  it('that became a tunnel ends with that, not with its response', async () => {
    const { client, begun, sut, log } = await over1();
    client.send(`${get}\r\n`);
    await eventually(() => begun.length === 1);
    begun[0]!.tunnelled = true;
    client.socket.destroy();
    await once(begun[0]!.message.socket, 'close');
    expect([sut.open, log.records]).toEqual([1, []]);
    sut.end(begun[0]!);
    expect([sut.open, log.records.length]).toEqual([0, 1]);
  });

  it('is the only one of its connection: what its client sends ahead waits for its end', async () => {
    const { client, begun, sut, log } = await over1();
    client.send(`${get}\r\n`.repeat(3));
    await eventually(() => begun.length === 1);
    answer(begun[0]!);
    await client.response();
    await eventually(() => begun.length === 2);
    expect([sut.open, exchangesOn(begun[1]!.message.socket)]).toEqual([1, [begun[1]]]);
    client.socket.destroy();
    await eventually(() => sut.open === 0);
    expect([begun.length, log.records.map(({ status }) => status)]).toEqual([2, [200, 499]]);
  });

  it('that expects anything but a 100 is refused', async () => {
    const { client, begun } = await over1();
    client.send(`${get}Expect: more\r\n\r\n`);
    expect([(await client.response()).status, begun]).toEqual([417, [undefined]]);
  });

  it('withholds a 100 where its client waits for one, which one of HTTP/1.0 does not', async () => {
    const post = (version: string) =>
      `POST / HTTP/${version}\r\nHost: a.example\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n`;
    for (const [version, withholds] of [
      ['1.1', true],
      ['1.0', false],
    ] as const) {
      const { client, begun } = await over1();
      client.send(post(version));
      await eventually(() => begun.length === 1);
      expect(begun[0]!.responder.withholdsContinue).toBe(withholds);
    }
  });
});

describe('the protocol that a connection may be switched to', () => {
  const upgrade = ['Connection', 'keep-alive, Upgrade', 'Upgrade', 'other, WebSocket'];

  /** That of a request. */
  async function offered(options: RequestOptions = {}) {
    const { road, sut } = await exchanges();
    const { exchange } = road.open({ fields: upgrade, ...options });
    return sut.upgradeOf(exchange);
  }

  it('is one that the client offers and the route has', async () => {
    expect(await offered()).toBe('WebSocket');
    expect(await offered({ fields: ['Connection', 'Upgrade', 'Upgrade', 'other'] })).toBeUndefined();
  });

  it.each([
    ['is no GET', { method: 'POST' }],
    ['has a body', { fields: [...upgrade, 'Content-Length', '1'] }],
    ['has a body of unknown length', { fields: [...upgrade, 'Transfer-Encoding', 'chunked'] }],
    ['is of HTTP/1.0', { httpVersion: '1.0' as const }],
    ['comes on a stream of HTTP/2', { httpVersion: '2.0' as const }],
    ['does not name Upgrade in Connection', { fields: ['Connection', 'keep-alive', 'Upgrade', 'websocket'] }],
    ['has no Connection', { fields: ['Upgrade', 'websocket'] }],
    ['has no Upgrade', { fields: ['Connection', 'Upgrade'] }],
  ])('is none where the request %s', async (_what, options) => {
    expect(await offered(options)).toBeUndefined();
  });

  it('is none where the request has no route', async () => {
    const { road, sut } = await exchanges();
    const { exchange } = road.open({ fields: upgrade });
    exchange.location.leaveRoute();
    expect(sut.upgradeOf(exchange)).toBeUndefined();
  });
});

describe('an exchange over HTTP/2', () => {
  async function over2(take?: (exchange: Exchange) => void) {
    const scene = await exchanges(take);
    const client = await serveHttp2((stream, fields, ended, raw) => {
      const head = new Http2Head(raw);
      const message = new Http2Message(stream, head.fields, fields, stream.session!.socket, !ended);
      const exchange = scene.sut.beginStream(stream, head, message, listener);
      scene.begun.push(exchange);
      if (exchange !== undefined) take?.(exchange);
    });
    return { ...scene, client };
  }

  it('is opened and closed with its stream', async () => {
    const { client, sut, log } = await over2(answer);
    const { status, text } = await client.request();
    await eventually(() => sut.open === 0);
    expect([status, text, log.records.map(record => [record.status, record.httpVersion])]).toEqual([
      200,
      'ok',
      [[200, '2.0']],
    ]);
  });

  it('is logged with 499 where its client resets the stream', async () => {
    const { client, begun, sut, log } = await over2();
    const stream = client.open();
    await eventually(() => begun.length === 1);
    stream.close(8);
    await eventually(() => sut.open === 0);
    expect([log.records.map(({ status }) => status), begun[0]!.errorReason]).toEqual([[499], 'stream reset, code 8']);
  });

  it('that is too much goes no further, and others of its connection go on', async () => {
    const { client, begun, load, sut } = await over2();
    const first = client.request();
    await eventually(() => begun.length === 1);
    load.isTooMuch = true;
    expect(await client.request()).toMatchObject({ status: 503, code: 0, whole: true });
    expect([begun[1], sut.open]).toEqual([undefined, 1]);
    answer(begun[0]!);
    expect((await first).status).toBe(200);
  });

  it('is a GET where it is an extended CONNECT', async () => {
    const { client, begun } = await over2(answer);
    client.open({ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http' });
    await eventually(() => begun.length === 1);
    expect(begun[0]?.method).toBe('GET');
  });

  it('is sent back to HTTP/1.1 with credentials for a connection, and refused with padded values', async () => {
    const { client, begun, log, sut } = await over2(answer);
    const { code } = await client.request({ headers: { authorization: 'NTLM abc' } });
    expect([code, begun]).toEqual([13, [undefined]]);
    await eventually(() => sut.open === 0);
    expect(log.records[0]!.status).toBe(421);
  });
});
