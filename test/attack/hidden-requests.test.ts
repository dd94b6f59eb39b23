import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { connectRaw, rawRequest } from '../support/client.js';
import { gatewayTo } from '../support/scene.js';
import { type InProcessGateway, startInProcess } from '../support/in-process.js';
import { startRawBackend } from '../support/raw-backend.js';
import { startStrictBackend, type StrictBackend } from '../support/strict-backend.js';
import { tempFolder } from '../support/temp.js';
import { eventually } from '../support/poll.js';
import { writeFile } from 'node:fs/promises';

const host = 'Host: a.example\r\n';
const hidden = `GET /hidden HTTP/1.1\r\n${host}\r\n`;

/** Whole messages, and what the backend sees of them; and messages that are refused. */
const messages: readonly (readonly [what: string, bytes: string, seen: readonly string[]])[] = [
  ['a GET and another', `GET /a HTTP/1.1\r\n${host}\r\n${hidden}`, ['GET /a 0', 'GET /hidden 0']],
  [
    'a body with a length',
    `POST /a HTTP/1.1\r\n${host}Content-Length: 5\r\n\r\nhello${hidden}`,
    ['POST /a 5', 'GET /hidden 0'],
  ],
  [
    'a chunked body',
    `POST /a HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\nX: y\r\n\r\n${hidden}`,
    ['POST /a 5', 'GET /hidden 0'],
  ],
  [
    'a body that looks like a request',
    `POST /a HTTP/1.1\r\n${host}Content-Length: ${hidden.length}\r\n\r\n${hidden}`,
    [`POST /a ${hidden.length}`],
  ],
];
const refused: readonly (readonly [what: string, bytes: string])[] = [
  ['CL.TE', `POST /a HTTP/1.1\r\n${host}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
  ['a bare LF', `GET /a HTTP/1.1\r\n${host}X: y\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`],
  ['two Hosts', `GET /a HTTP/1.1\r\n${host}${host}\r\n${hidden}`],
];

describe('wherever a message is split in two', () => {
  it.each(messages)('it is the same: %s', { timeout: 60_000 }, async (_what, bytes, seen) => {
    const backend = await startStrictBackend();
    const gateway = await gatewayTo([backend]);
    const client = await connectRaw(gateway.port);
    for (let at = 1; at < bytes.length; at++) {
      backend.forget();
      await new Promise(resolve => client.socket.write(bytes.slice(0, at), 'latin1', resolve));
      await new Promise(setImmediate);
      client.send(bytes.slice(at));
      for (const text of seen) expect(await client.response()).toMatchObject({ status: 200, text });
      expect(backend.seen).toEqual(seen);
      expect(backend.ambiguities).toEqual([]);
    }
  });

  it.each(refused)('it is refused: %s', { timeout: 60_000 }, async (_what, bytes) => {
    const backend = await startStrictBackend();
    const gateway = await gatewayTo([backend]);
    for (let at = 1; at < bytes.indexOf('\r\n\r\n'); at++) {
      const client = await connectRaw(gateway.port);
      await new Promise(resolve => client.socket.write(bytes.slice(0, at), 'latin1', resolve));
      await new Promise(setImmediate);
      client.send(bytes.slice(at));
      expect(await client.response()).toMatchObject({ status: 400, clean: true });
      client.close();
    }
    expect(backend.raw.connections).toHaveLength(0);
  });
});

describe.each(['default', 'http-proxy-middleware'])('a body that was gathered for its schema, behind %s', forwarder => {
  let backend: StrictBackend;
  let mirror: StrictBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    [backend, mirror] = [await startStrictBackend(), await startStrictBackend()];
    const schema = join(await tempFolder(), 'any.json');
    await writeFile(schema, '{}');
    gateway = await startInProcess({
      upstreams: {
        app: { backends: [backend.url], forwarder },
        shadow: { backends: [mirror.url], forwarder },
      },
      routes: [{ match: { path: '/*' }, upstream: 'app', mirror: { upstream: 'shadow', share: '100%' } }],
      security: { validation: { maxBody: '1mb', body: { schema } } },
    });
  });

  it.each(['GET', 'POST', 'DELETE', 'OPTIONS'])('has a length, for any framing of the %s', async method => {
    for (const each of [backend, mirror]) each.forget();
    const json = JSON.stringify(hidden);
    const response = await rawRequest(
      gateway.port,
      `${method} /a HTTP/1.1\r\n${host}Content-Type: application/json\r\nTrailer: X\r\nTransfer-Encoding: chunked\r\n\r\n` +
        `${json.length.toString(16)}\r\n${json}\r\n0\r\nX: y\r\n\r\n`,
    );
    expect(response).toMatchObject({ status: 200, text: `${method} /a ${json.length}` });
    expect(backend.seen).toHaveLength(1);
    await eventually(() => expect(mirror.seen).toEqual(backend.seen));
    expect([...backend.ambiguities, ...mirror.ambiguities]).toEqual([]);
  });
});

describe('a CONNECT behind other requests', () => {
  it('is answered behind them, however slowly their answers are read', async () => {
    const body = 'x'.repeat(12 * 1024 * 1024);
    const backend = await startRawBackend(async connection => {
      await connection.head();
      connection.respond(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    });
    const gateway = await gatewayTo([backend]);
    const client = await connectRaw(gateway.port);
    client.pause();
    client.send(`GET /large HTTP/1.1\r\n${host}\r\nCONNECT a.example:443 HTTP/1.1\r\n${host}\r\n${hidden}`);
    await eventually(() => (backend.connections[0]?.socket.writableLength ?? 0) > 0);
    client.resume();
    const response = await client.response({ timeout: 20_000 });
    expect(response).toMatchObject({ status: 200, clean: true });
    expect(response.body).toHaveLength(body.length);
    expect(await client.response()).toMatchObject({ status: 405, clean: true });
    await client.closed(7_000);
    expect(backend.connections.map(({ heads }) => heads)).toEqual([1]);
  });
});

it('a response of a backend that breaks is cut on a unix socket too, and harms no other client', async () => {
  const backend = await startRawBackend(async connection => {
    await connection.head();
    connection.respond('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
    await new Promise(setImmediate);
    connection.reset();
  });
  const socketPath = join(await tempFolder(), 'gateway.sock');
  const gateway = await gatewayTo([backend], {}, { listeners: [{ name: 'local', unix: socketPath }] });
  for (const version of ['1.0', '1.1']) {
    const response = await rawRequest(0, `GET / HTTP/${version}\r\n${host}\r\n`, { socketPath });
    expect(response.status === 200 ? response.text : '').toMatch(/^(?:hello)?$/);
  }
  await eventually(() => gateway.gateway.listeners[0]!.connections === 0);
  expect(await gateway.metric('gatehouse_requests_in_flight')).toBe(0);
});
