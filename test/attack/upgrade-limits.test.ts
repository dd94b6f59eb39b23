import { describe, expect, it } from 'vitest';
import { connectRaw, rawRequest } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startRawBackend, type RawBackend } from '../support/raw-backend.js';
import { expectAtRest, gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { handshake, startUpgradeBackend, switching, upgraded } from '../support/upgrade-scene.js';

/** Agrees to every upgrade, and ends when its client has; `/hangs` has no answer, `/no` a refusal, `/broken` a bad 101, `/cut` a reset. */
function startMoodyBackend(): Promise<RawBackend> {
  return startRawBackend(async connection => {
    connection.socket.once('end', () => connection.end());
    // A Close frame, which has come in a packet of its own.
    connection.socket.on('data', chunk => chunk[0] === 0x88 && connection.end());
    const head = await connection.head();
    if (head.startsWith('GET /hangs')) return;
    if (head.startsWith('GET /cut')) return connection.reset();
    if (head.startsWith('GET /no')) connection.end('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno');
    else if (head.startsWith('GET /broken')) connection.respond(switching(head).replace(/Accept: .../, 'Accept: no!'));
    else connection.respond(switching(head));
  });
}

/** Expects that there is room for exactly `count` connections. */
async function expectRoomFor(count: number, gateway: InProcessGateway): Promise<void> {
  await expectAtRest(gateway);
  const open = [];
  for (let number = 0; number < count; number++) open.push(await upgraded(gateway.port));
  const refused = await rawRequest(gateway.port, handshake());
  expect(refused).toMatchObject({ status: 503, clean: true });
  expect(refused.header('x-gateway-error')).toBe('QUEUE_FULL');
  expect(Number(refused.header('retry-after'))).toBeGreaterThan(0);
  for (const client of open) client.close();
  await expectAtRest(gateway);
}

describe.each(['default', 'http-proxy-middleware'])('maxConnections behind %s', forwarder => {
  const upstream = { forwarder, retries: { attempts: 0 }, circuitBreaker: { enabled: false } };

  it('is a limit of open connections: one that ends in any way makes room', async () => {
    const gateway = await gatewayTo([await startMoodyBackend()], upstream, { websocket: { maxConnections: 2 } });
    await expectRoomFor(2, gateway);
    // Each of these more often than there are places.
    for (let round = 0; round < 3; round++) {
      expect(await rawRequest(gateway.port, handshake({}, '/no'))).toMatchObject({ status: 403, text: 'no' });
      expect(await rawRequest(gateway.port, handshake({}, '/broken'))).toMatchObject({ status: 502 });
      expect(await rawRequest(gateway.port, handshake({}, '/cut'))).toMatchObject({ status: 502 });
      expect(await rawRequest(gateway.port, handshake({ 'Sec-WebSocket-Key': 'bad' }))).toMatchObject({ status: 400 });
      const leaving = await connectRaw(gateway.port);
      leaving.send(handshake({}, '/hangs'));
      await eventually(async () => expect(await gateway.metric('gatehouse_backend_in_flight')).toBe(1));
      if (round % 2 === 0) leaving.reset();
      else leaving.close();
      await expectAtRest(gateway);
    }
    await expectRoomFor(2, gateway);
  });

  it('makes room again when the backends of the tunnels are gone', async () => {
    const backend = await startMoodyBackend();
    const gateway = await gatewayTo([backend], upstream, { websocket: { maxConnections: 2 } });
    for (const end of ['reset', 'end'] as const) {
      const clients = [await upgraded(gateway.port), await upgraded(gateway.port)];
      for (const client of clients) client.socket.once('data', () => client.half());
      for (const connection of backend.connections) connection[end]();
      for (const client of clients) await client.closed();
      await expectRoomFor(2, gateway);
    }
  });
});

it('maxConnections of a route counts its own, and no others', async () => {
  const backend = await startMoodyBackend();
  const gateway = await startInProcess({
    websocket: { maxConnections: 1 },
    upstreams: { app: { backends: [backend.url] } },
    routes: [
      { match: { path: '/own' }, upstream: 'app', websocket: { maxConnections: 2 } },
      { match: { path: '/*' }, upstream: 'app' },
    ],
  });
  const own = handshake({}, '/own');
  const open = [await upgraded(gateway.port, own), await upgraded(gateway.port, own), await upgraded(gateway.port)];
  expect(await rawRequest(gateway.port, own)).toMatchObject({ status: 503 });
  expect(await rawRequest(gateway.port, handshake())).toMatchObject({ status: 503 });
  open[2]!.close();
  await eventually(async () => expect(await gateway.metric('gatehouse_tunnels_open')).toBe(2));
  expect(await rawRequest(gateway.port, own)).toMatchObject({ status: 503 });
  await upgraded(gateway.port);
});

it('maxConnections counts streams of HTTP/2, and those that end make room', async () => {
  const backend = await startMoodyBackend();
  const gateway = await secureGatewayTo([backend], { others: { websocket: { maxConnections: 1 } } });
  const fields = { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', 'sec-websocket-version': '13' };
  for (let round = 0; round < 3; round++) {
    const client = await connectHttp2(gateway.port);
    const status = (stream: import('node:http2').ClientHttp2Stream): Promise<number> =>
      new Promise(resolve => stream.once('response', ({ ':status': code }) => resolve(code ?? 0)));
    const first = client.open(fields);
    expect(await status(first)).toBe(200);
    expect(await status(client.open(fields))).toBe(503);
    if (round === 0) first.close(8);
    else if (round === 1) first.end();
    else client.session.destroy();
    await expectAtRest(gateway);
  }
  await upgraded(gateway.port, handshake(), { tls: { rejectUnauthorized: false } });
});

it('a thousand connections that were opened and closed leave nothing behind', { timeout: 90_000 }, async () => {
  const gateway = await gatewayTo([await startUpgradeBackend(({ socket }) => socket.once('end', () => socket.end()))], {
    connections: { max: 2000 },
  });
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => upgraded(gateway.port)));
    for (const client of clients) client.reset();
  }
  await expectAtRest(gateway);
  await eventually(() => expect(gateway.gateway.listeners[0]!.connections).toBe(0));
  expect(await gateway.metric('gatehouse_tunnels_open')).toBe(0);
  expect(await gateway.metric('gatehouse_tunnels_total')).toBe(1000);
});
