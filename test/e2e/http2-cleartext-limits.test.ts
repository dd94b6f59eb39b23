import { constants } from 'node:http2';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { answer, type BackendHandler, type Echo, echo, startBackend } from '../support/backend.js';
import { connectRaw } from '../support/client.js';
import { valueOf } from '../support/header-list.js';
import { connectCleartextHttp2, responseOf } from '../support/http2-client.js';
import {
  connectFrames,
  flag,
  frame,
  frameOf,
  introduced,
  preface,
  requestFields,
  settingsId,
  uint32,
} from '../support/http2-frames.js';
import { type InProcessGateway, type InProcessOptions, startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { accessLineOf, expectAtRest } from '../support/scene.js';
import { tempFolder } from '../support/temp.js';

const request = (changes: Parameters<typeof requestFields>[0] = {}) => requestFields({ ':scheme': 'http', ...changes });

/** A gateway with a listener with h2c and these limits, before one backend. */
async function scene(limits: object = {}, handler: BackendHandler = echo, options: InProcessOptions = {}) {
  const backend = await startBackend(handler);
  const gateway = await startInProcess(
    {
      listeners: [{ name: 'web', host: '127.0.0.1', port: 0, h2c: true, limits }],
      upstreams: { app: { backends: [backend.url] } },
    },
    options,
  );
  return { backend, gateway };
}

const noneOpen = (gateway: InProcessGateway): Promise<boolean> =>
  eventually(() => gateway.gateway.listeners[0]!.connections === 0, { what: 'the end of the connection' });

describe('the limits of a listener with h2c', () => {
  it.each([
    ['says nothing', ''],
    ['sends half a preface', preface.slice(0, 12)],
    ['sends the preface and nothing behind it', preface],
  ])('cut a client that %s, without a word of HTTP/1.1', async (_, said) => {
    const { gateway } = await scene({ headerTimeout: '200ms' });
    const client = await connectRaw(gateway.port);
    client.send(said);
    await client.closed();
    expect(client.received.includes('HTTP/1.1')).toBe(false);
    await noneOpen(gateway);
  });

  it('answer 408 to half a head of HTTP/1.1', async () => {
    const { gateway } = await scene({ headerTimeout: '500ms' });
    const client = await connectRaw(gateway.port);
    client.send('POST / HTTP/1.1\r\nHost');
    expect((await client.response()).status).toBe(408);
    await client.closed();
  });

  it('count clients of HTTP/2, and those that have not said yet what they speak', async () => {
    const { gateway } = await scene({ connections: 2 });
    await connectCleartextHttp2(gateway.port);
    await connectRaw(gateway.port);
    await eventually(async () => expect(await gateway.metric('gatehouse_connections_open')).toBe(2));
    await (await connectRaw(gateway.port)).closed();
    const refused = await gateway.metric('gatehouse_connections_refused_total', { listener: 'web', reason: 'limit' });
    expect(refused).toBe(1);
  });

  it('end an idle connection with GOAWAY after keepAliveTimeout', async () => {
    const { gateway } = await scene({ keepAliveTimeout: '200ms' });
    const client = await connectCleartextHttp2(gateway.port);
    expect((await client.request()).status).toBe(200);
    await client.closed();
    expect(client.goaways[0]).toMatchObject({ code: constants.NGHTTP2_NO_ERROR });
  });

  it('end a connection after requestsPerConnection, with whole answers to all that it took', async () => {
    const { backend, gateway } = await scene({ requestsPerConnection: 3 });
    const client = await connectCleartextHttp2(gateway.port);
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.request().catch(() => undefined)));
    expect(answers.filter(each => each?.status === 200)).toHaveLength(3);
    await client.closed();
    expect(backend.requests).toHaveLength(3);
  });

  it('answer 408 to a body that comes drop by drop', async () => {
    const bodyGrace = { usual: 300, pressed: 300 };
    const { gateway } = await scene({ minBodyRate: '10kb', writeTimeout: '1s' }, echo, { times: { bodyGrace } });
    const client = await connectCleartextHttp2(gateway.port);
    const stream = client.open({ ':method': 'POST' });
    const dripping = setInterval(() => stream.write('.'), 100);
    stream.on('close', () => clearInterval(dripping));
    expect(await responseOf(stream)).toMatchObject({ status: 408, whole: true });
  });

  it('reset a stream that its client makes no room for, and leave the others', async () => {
    const { gateway } = await scene({ writeTimeout: '400ms' }, answer(200, Buffer.alloc(1 << 20)));
    const client = await connectFrames(gateway.port, {
      cleartext: true,
      settings: [settingsId.initialWindowSize, 1000],
    });
    client.head(1, request());
    expect(await client.refusal(1)).toEqual({ scope: 'stream', code: constants.NGHTTP2_INTERNAL_ERROR });
    expect(await accessLineOf(gateway)).toMatchObject({ error: 'CLIENT_ABORTED' });
    client.head(3, request({ ':method': 'HEAD' }));
    expect(await client.status(3)).toBe(200);
  });

  it('cut a client that reads nothing at all', async () => {
    const { gateway } = await scene({ writeTimeout: '400ms' }, answer(200, Buffer.alloc(64 << 20)));
    const settings = [settingsId.initialWindowSize, 2 ** 31 - 1];
    const client = await connectFrames(gateway.port, { cleartext: true, settings });
    client.send(frame.windowUpdate, flag.none, 0, uint32(2 ** 30));
    client.head(1, request());
    await client.frame(({ stream, type }) => type === frame.data && stream === 1);
    client.raw.pause();
    expect(await accessLineOf(gateway)).toMatchObject({ error: 'CLIENT_ABORTED' });
    await noneOpen(gateway);
    await expectAtRest(gateway);
  });

  it('cut a client that floods', async () => {
    const { gateway } = await scene();
    const client = await connectFrames(gateway.port, { cleartext: true });
    const pings = Buffer.concat(Array<Buffer>(2_000).fill(frameOf(frame.ping, flag.none, 0, Buffer.alloc(8))));
    client.raw.send(pings);
    await client.raw.closed();
    await noneOpen(gateway);
  });
});

describe('a gateway with h2c that shuts down', () => {
  it('lets streams end, and names the last that it has taken', async () => {
    let release = (): void => {};
    const { backend, gateway } = await scene({}, (_request, response) => (release = () => response.end('done')));
    const client = await connectFrames(gateway.port, { cleartext: true });
    client.head(1, request());
    await eventually(() => backend.requests.length === 1);
    const stopped = gateway.stop(5_000);
    const { payload } = await client.frame(({ type }) => type === frame.goaway);
    expect([payload.readUInt32BE(0), payload.readUInt32BE(4)]).toEqual([1, constants.NGHTTP2_NO_ERROR]);
    release();
    expect([await client.status(1), await stopped]).toEqual([200, 0]);
    await client.raw.closed();
    expect(client.bodyOf(1).toString()).toBe('done');
  });

  it('answers the request of a client that had connected before and speaks only now, then asks it to go', async () => {
    let release = (): void => {};
    const { backend, gateway } = await scene({}, (incoming, response) => {
      if (incoming.url === '/held') release = () => response.end();
      else response.end();
    });
    const other = (await connectCleartextHttp2(gateway.port)).request({ headers: { ':path': '/held' } });
    const raw = await connectRaw(gateway.port);
    await eventually(() => backend.requests.length === 1 && gateway.gateway.listeners[0]!.connections === 2);
    const stopped = gateway.stop(10_000);
    const client = await introduced(raw);
    client.head(1, request());
    expect(await client.status(1)).toBe(200);
    await client.frame(({ type }) => type === frame.goaway);
    release();
    expect([(await other).status, await stopped]).toEqual([200, 0]);
  });

  it('cuts a client that has not said yet what it speaks', async () => {
    const { gateway } = await scene();
    const raw = await connectRaw(gateway.port);
    raw.send(preface.slice(0, 5));
    await eventually(() => gateway.gateway.listeners[0]!.connections === 1);
    expect(await gateway.stop(100)).toBe(0);
    await raw.closed();
    expect(raw.received).toHaveLength(0);
  });
});

describe('a listener with h2c and proxyProtocol', () => {
  const header = 'PROXY TCP4 203.0.113.7 10.0.0.1 12345 443\r\n';
  let gateway: InProcessGateway;
  let socketPath: string;

  beforeAll(async () => {
    const backend = await startBackend(echo);
    socketPath = join(await tempFolder(), 'gateway.sock');
    const behind = { host: '127.0.0.1', port: 0, h2c: true, proxyProtocol: true };
    gateway = await startInProcess({
      listeners: [
        { ...behind, name: 'web' },
        { ...behind, name: 'hasty', limits: { headerTimeout: '300ms' } },
        { name: 'local', unix: socketPath, h2c: true, proxyProtocol: true },
      ],
      trustedProxies: ['127.0.0.1'],
      upstreams: { app: { backends: [backend.url] } },
    });
  });

  /** The address of the client, as the backend was told it. */
  const clientIn = (text: string): string | undefined => valueOf((JSON.parse(text) as Echo).headers, 'x-real-ip');

  it.each(['one', 'two', 'many'])('serves HTTP/2 behind the header, sent in %s', async pieces => {
    for (const options of [{}, { socketPath }]) {
      const raw = await connectRaw(gateway.port, options);
      const turns = async (): Promise<void> => {
        for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve));
      };
      if (pieces === 'one') raw.socket.cork();
      for (const piece of pieces === 'many' ? header : [header]) {
        raw.send(piece);
        if (pieces !== 'one') await turns();
      }
      const frames = introduced(raw);
      raw.socket.uncork();
      const client = await frames;
      client.head(1, request());
      expect(await client.status(1)).toBe(200);
      await eventually(() => client.bodyOf(1).toString().endsWith('}'));
      expect(clientIn(client.bodyOf(1).toString())).toBe('203.0.113.7');
    }
  });

  it('serves HTTP/1.1 behind the header', async () => {
    const client = await connectRaw(gateway.port);
    const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
    client.send(header + get + get);
    for (let number = 0; number < 2; number++) expect(clientIn((await client.response()).text)).toBe('203.0.113.7');
  });

  it('cuts a connection that says nothing behind the header, or half a preface', async () => {
    for (const said of ['', preface.slice(0, 20)]) {
      const client = await connectRaw(gateway.ports['hasty']!);
      client.send(header + said);
      await client.closed();
      expect(client.received).toHaveLength(0);
    }
  });

  it('refuses the preface where the header should stand', async () => {
    const client = await connectRaw(gateway.port);
    client.send(preface);
    await client.closed();
    expect(client.received).toHaveLength(0);
    const labels = { listener: 'web', reason: 'proxy-malformed' };
    expect(await gateway.metric('gatehouse_connections_refused_total', labels)).toBe(1);
  });
});
