import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectRaw, rawRequest } from '../support/client.js';
import { connectHttp2, responseOf } from '../support/http2-client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { always, type RawBackend } from '../support/raw-backend.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { startMixedBackend, handshake, sampleKey, startUpgradeBackend, upgraded } from '../support/upgrade-scene.js';

describe('a handshake that is wrong', () => {
  let backend: RawBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startUpgradeBackend();
    gateway = await gatewayTo([backend]);
  });

  it.each([
    ['no key', { 'Sec-WebSocket-Key': undefined }, 400],
    ['an empty key', { 'Sec-WebSocket-Key': '' }, 400],
    ['a key that is too short', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, 400],
    ['a key that is no base64', { 'Sec-WebSocket-Key': '!!!!!!!!!!!!!!!!!!!!!!==' }, 400],
    ['two keys', { 'Sec-WebSocket-Key': sampleKey, 'sec-websocket-key': sampleKey }, 400],
    ['no version', { 'Sec-WebSocket-Version': undefined }, 400],
    ['an old version', { 'Sec-WebSocket-Version': '8' }, 426],
    ['a version that is no number', { 'Sec-WebSocket-Version': '13x' }, 426],
    ['two versions', { 'Sec-WebSocket-Version': '13', 'sec-websocket-version': '13' }, 426],
  ] as const)('by %s is refused with a problem document, and its connection closed', async (_, fields, status) => {
    const before = backend.connections.length;
    const client = await connectRaw(gateway.port);
    client.send(`${handshake(fields)}GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    const response = await client.response();
    expect(response).toMatchObject({ status, clean: true });
    expect(response.header('content-type')).toBe('application/problem+json');
    expect(response.header('x-gateway-error')).toBe('DENIED');
    expect(response.header('connection')).toBe('close');
    expect(response.header('sec-websocket-version')).toBe(status === 426 ? '13' : undefined);
    expect(await client.closed()).toBe('end');
    expect(client.rest).toHaveLength(0);
    expect(backend.connections).toHaveLength(before);
    await expectAtRest(gateway);
  });
});

describe('upgrades that are switched off', () => {
  const settings = { enabled: false };

  it('are refused with 403 on all routes', async () => {
    const gateway = await gatewayTo([await startUpgradeBackend()], {}, { websocket: settings });
    const response = await rawRequest(gateway.port, handshake());
    expect(response).toMatchObject({ status: 403, clean: true });
    expect(response.header('x-gateway-error')).toBe('DENIED');
    await expectAtRest(gateway);
  });

  it('are refused on the one route that says so', async () => {
    const gateway = await gatewayTo(
      [await startUpgradeBackend()],
      {},
      {
        routes: [
          { match: { path: '/off' }, upstream: 'app', websocket: settings },
          { match: { path: '/*' }, upstream: 'app' },
        ],
      },
    );
    expect(await rawRequest(gateway.port, handshake({}, '/off'))).toMatchObject({ status: 403, clean: true });
    expect(await rawRequest(gateway.port, handshake({}, '/x/../off'))).toMatchObject({ status: 403, clean: true });
    await upgraded(gateway.port, handshake({}, '/on'));
  });
});

describe('a request for a protocol', () => {
  const request = (protocol: string, connection = 'Upgrade', more = {}): string =>
    handshake({
      Upgrade: protocol,
      Connection: connection,
      'Sec-WebSocket-Key': undefined,
      'Sec-WebSocket-Version': undefined,
      ...more,
    });
  const h2c = request('h2c', 'Upgrade, HTTP2-Settings', { 'HTTP2-Settings': 'AAMAAABkAAQCAAAAAAIAAAAA' });

  let mixed: RawBackend;
  let gateway: InProcessGateway;
  const hosts = { '["websocket"]': 'listed.example', '[]': 'none.example', '"any"': 'any.example' };

  beforeAll(async () => {
    mixed = await startMixedBackend();
    const routes = Object.entries(hosts).map(([upgrades, name]) => ({
      match: { hosts: [name] },
      upstream: 'app',
      websocket: { upgrades: JSON.parse(upgrades) as unknown },
    }));
    gateway = await gatewayTo([mixed], {}, { routes });
  });

  it.each([
    ['foo', ['websocket']],
    ['foo', []],
    ['websocket', []],
    ['websocket/13', ['websocket']],
    ['h2c', 'any'],
    ['H2C', 'any'],
    ['h2c/1', 'any'],
    ['HTTP/2.0', 'any'],
    ['http/1.1', 'any'],
    ['TLS/1.2', 'any'],
    ['tls', 'any'],
    [' ', 'any'],
    [',,', 'any'],
  ] as const)('that is called "%s" where %j may be used is answered without it', async (protocol, upgrades) => {
    const first = await mixed.hangUp();
    const client = await connectRaw(gateway.port);
    const bytes = protocol === 'h2c' ? h2c : request(protocol);
    const host = hosts[JSON.stringify(upgrades) as keyof typeof hosts];
    // What follows is a request of its own.
    client.send(`${bytes.replace('a.example', host)}GET /next HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(await client.response()).toMatchObject({ status: 200, text: 'GET / HTTP/1.1', clean: true });
    expect(await client.response()).toMatchObject({ status: 200, text: 'GET /next HTTP/1.1', clean: true });
    expect(client.rest).toHaveLength(0);
    expect(mixed.connections[first]!.text).not.toMatch(/^upgrade|^http2-settings|^connection: .*upgrade/im);
    client.close();
    await expectAtRest(gateway);
  });

  it('is granted the first of a list that may be used, and that one alone', async () => {
    const backend = await startUpgradeBackend();
    const own = await gatewayTo([backend], {}, { websocket: { upgrades: ['irc', 'WebSocket'] } });
    const client = await connectRaw(own.port);
    client.send(request('h2c, IRC/6.9 , irc, foo'));
    const response = await client.response();
    expect(response).toMatchObject({ status: 101 });
    expect(response.header('upgrade')).toBe('irc');
    expect(backend.connections[0]!.text).toMatch(/^upgrade: irc\r$/im);
  });

  it('with odd characters in its name writes one line of the log and no other', async () => {
    const backend = await startUpgradeBackend(({ socket }) => socket.once('end', () => socket.end()));
    const own = await gatewayTo([backend], {}, { websocket: { upgrades: 'any' } });
    for (const name of ['a","msg":"forged', '\x9b2Jforged\x85', 'x\ty', '\xe2\x80\xa8', '__proto__']) {
      const client = await connectRaw(own.port);
      client.send(request(name));
      await client.response();
      client.close();
    }
    await expectAtRest(own);
    await eventually(() => expect(own.logs.filter(({ msg }) => msg === 'exchange')).toHaveLength(5));
    expect(own.logs.some(({ msg }) => msg === 'forged')).toBe(false);
    expect(own.logText).toMatch(/^(?:[\x20-\x7e\u00a0-\u2027\u202f-\u205f\u2070-\uffff]+\n)+$/);
  });

  it('is granted with bytes of any kind both ways, and each side may end before the other', async () => {
    const backend = await startUpgradeBackend(async connection => {
      connection.respond('welcome\r\n');
      await connection.until('GET /not-a-request');
      connection.socket.once('end', () => {
        connection.respond('still here');
        connection.end();
      });
    });
    const own = await gatewayTo([backend], {}, { websocket: { upgrades: 'any' } });
    const client = await connectRaw(own.port);
    client.send(`${request('foo/2')}GET /not-a-request HTTP/1.1\r\n\r\n`);
    expect(await client.response()).toMatchObject({ status: 101 });
    client.half();
    expect((await client.until('still here')).toString()).toBe('welcome\r\nstill here');
    expect(await client.closed()).toBe('end');
    await expectAtRest(own);
    expect(await own.metric('gatehouse_tunnels_open')).toBe(0);
    const line = await own.waitForLog(({ msg }) => msg === 'exchange');
    expect(line).toMatchObject({ status: 101, bytesIn: 31, bytesOut: 19 });
    expect(line).not.toHaveProperty('closeCode');
  });

  it('is not granted over a stream of HTTP/2 by a field', async () => {
    const backend = await startMixedBackend();
    const own = await secureGatewayTo([backend], { others: { websocket: { upgrades: 'any' } } });
    const client = await connectHttp2(own.port);
    const fields = { 'sec-websocket-key': sampleKey, 'sec-websocket-version': '13' };
    const response = await client.request({ headers: fields });
    expect(response).toMatchObject({ status: 200 });
    const foreign = client.open({ ':method': 'CONNECT', ':protocol': 'h2c', ':scheme': 'https', ':path': '/' });
    expect(await responseOf(foreign)).toMatchObject({ status: 501 });
    await expectAtRest(own);
  });
});

describe('an upgrade and the other requests of its connection', () => {
  let backend: RawBackend;
  let gateway: InProcessGateway;
  let first = 0;

  beforeAll(async () => {
    backend = await startMixedBackend();
    const any = { match: { hosts: ['any.example'] }, upstream: 'app', websocket: { upgrades: 'any' } };
    gateway = await gatewayTo([backend], {}, { routes: [any, { upstream: 'app' }] });
  });

  beforeEach(async () => {
    first = await backend.hangUp();
  });

  const textOf = (): string =>
    backend.connections
      .slice(first)
      .map(({ text }) => text)
      .join('');

  it.each([
    ['a length', { 'Content-Length': '5' }, 'hello'],
    ['chunks', { 'Transfer-Encoding': 'chunked' }, '5\r\nhello\r\n0\r\n\r\n'],
    ['a length and chunks', { 'Content-Length': '5', 'Transfer-Encoding': 'chunked' }, '5\r\nhello\r\n0\r\n\r\n'],
    ['an unknown coding', { 'Transfer-Encoding': 'gzip' }, 'hello'],
  ])('is not made for a request with a body of %s', async (_, fields, body) => {
    const client = await connectRaw(gateway.port);
    client.send(`${handshake({ Host: 'any.example', ...fields })}${body}GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    const { status } = await client.response();
    // What follows a request that is refused is none; else it is one of its own. The backend here does not read bodies.
    if (status === 200) expect((await client.response()).text).toMatch(/GET \/next HTTP\/1.1$/);
    else expect([400, 501]).toContain(status);
    expect(client.rest).toHaveLength(0);
    expect(textOf()).not.toMatch(/^upgrade:/im);
    client.close();
    await expectAtRest(gateway);
  });

  it('is made behind a request that is still being answered, when that is over', async () => {
    const client = await connectRaw(gateway.port);
    client.send(
      `GET /first HTTP/1.1\r\nHost: a.example\r\n\r\n${handshake({ Host: 'any.example', Upgrade: 'foo' })}early`,
    );
    expect(await client.response()).toMatchObject({ status: 200, text: 'GET /first HTTP/1.1' });
    expect(await client.response()).toMatchObject({ status: 101 });
    await eventually(() => expect(textOf()).toMatch(/\r\n\r\nearly$/));
    client.close();
    backend.connections.at(-1)!.end();
    await expectAtRest(gateway);
  });

  it('is made behind a request that is answered', async () => {
    const client = await connectRaw(gateway.port);
    client.send('GET /first HTTP/1.1\r\nHost: a.example\r\n\r\n');
    expect(await client.response()).toMatchObject({ status: 200 });
    client.send(handshake());
    expect(await client.response()).toMatchObject({ status: 101 });
    client.close();
    backend.connections.at(-1)!.end();
    await expectAtRest(gateway);
  });

  it('is not made for HTTP/1.0', async () => {
    const response = await rawRequest(gateway.port, handshake().replace('HTTP/1.1', 'HTTP/1.0'));
    expect(response).toMatchObject({ status: 200, clean: true });
    expect(textOf()).not.toMatch(/^upgrade:/im);
  });

  it.each([200, 400, 426])('passes nothing on that came behind one that the backend answers with %i', async status => {
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n';
    backend.script = always(`HTTP/1.1 ${status} So\r\nContent-Length: 2\r\n\r\nno`);
    const client = await connectRaw(gateway.port);
    client.send(handshake() + smuggled);
    client.send(smuggled);
    const response = await client.response();
    expect(response).toMatchObject({ status, text: 'no', clean: true });
    expect(response.header('connection')).toBe('close');
    if (client.socket.writable) client.send(smuggled);
    await client.closed();
    expect(client.rest).toHaveLength(0);
    // The backend's connection may be used again: for another client's request, and nothing else.
    expect(await rawRequest(gateway.port, 'GET /next HTTP/1.1\r\nHost: a.example\r\n\r\n')).toMatchObject({ status });
    expect(textOf()).not.toContain('smuggled');
    await expectAtRest(gateway);
  });
});
