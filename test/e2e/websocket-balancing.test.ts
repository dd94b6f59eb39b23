import { describe, expect, it } from 'vitest';
import { refusedPort } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { request } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { startRawBackend } from '../support/raw-backend.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';
import { startScripted } from '../support/scripted-backend.js';
import { tempFolder } from '../support/temp.js';
import { startWebSocketBackend, type WebSocketBackend } from '../support/websocket-backend.js';
import { openWebSocket, refusedWebSocket } from '../support/websocket-client.js';

const unreachable = async (): Promise<string> => `http://127.0.0.1:${await refusedPort()}`;
/** A backend that says its name to each client. */
const named = (name: string): Promise<WebSocketBackend> => startWebSocketBackend(socket => socket.send(name));
const circuitOf = (gateway: InProcessGateway): Promise<number> => gateway.metric('gatehouse_circuit_state');

describe.each(['default', 'http-proxy-middleware'])('the handshake of a WebSocket behind %s', forwarder => {
  it('goes to another backend when the first refuses the connection', async () => {
    const backend = await named('two');
    const gateway = await gatewayTo([await unreachable(), backend], { forwarder });
    const client = await openWebSocket(gateway.port);
    expect(await client.next()).toBe('two');
    client.socket.close();
    expect(await accessLineOf(gateway)).toMatchObject({ status: 101, attempts: 2 });
    await expectAtRest(gateway);
  });

  it.each([
    ['answers 503', 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nbusy\n'],
    ['ends the connection', ''],
  ])('goes to another backend when the first %s', async (_, answer) => {
    const busy = await startRawBackend(async connection => {
      await connection.head();
      connection.end(answer);
    });
    const backend = await named('two');
    const gateway = await gatewayTo([busy, backend], { forwarder });
    const client = await openWebSocket(gateway.port);
    expect(await client.next()).toBe('two');
    expect(busy.connections).toHaveLength(1);
    client.socket.close();
    await expectAtRest(gateway);
  });

  it('is answered with what the backend says to it, when that is the only one', async () => {
    const backend = await startScripted('a', call => call.answer(401));
    const gateway = await gatewayTo([backend], { forwarder });
    const response = await refusedWebSocket(gateway.port);
    expect(response.statusCode).toBe(401);
    expect(response.headers['x-gateway-error']).toBeUndefined();
    expect(await accessLineOf(gateway)).toMatchObject({ status: 401, protocol: 'websocket' });
    await expectAtRest(gateway);
  });

  it('is refused with 502 where no server listens, which opens the circuit; then with 503', async () => {
    const gateway = await gatewayTo([await unreachable()], {
      forwarder,
      retries: { attempts: 0 },
      circuitBreaker: { volumeThreshold: 2 },
    });
    for (const [status, code] of [
      [502, 'CONNECT_FAILED'],
      [502, 'CONNECT_FAILED'],
      [503, 'NO_BACKEND'],
    ]) {
      const response = await refusedWebSocket(gateway.port);
      expect([response.statusCode, response.headers['x-gateway-error']]).toEqual([status, code]);
    }
    expect(await circuitOf(gateway)).toBe(2);
  });

  it('closes a half-open circuit with its 101, while the tunnel goes on', async () => {
    let isBroken = true;
    const backend = await startWebSocketBackend(undefined, {
      verifyClient: (_, answer) => answer(!isBroken, 503),
    });
    const gateway = await gatewayTo([backend], {
      forwarder,
      retries: { attempts: 0 },
      circuitBreaker: { volumeThreshold: 2, openFor: '50ms', maxOpen: '100%' },
    });
    for (let number = 0; number < 2; number++) await refusedWebSocket(gateway.port);
    expect(await circuitOf(gateway)).toBe(2);
    isBroken = false;
    const client = await eventually(() => openWebSocket(gateway.port));
    expect(await circuitOf(gateway)).toBe(0);
    expect(await client.ask('still there?')).toBe('still there?');
    expect(await (await openWebSocket(gateway.port)).ask('and another?')).toBe('and another?');
  });

  it('gets the sticky cookie and the fields of the route with its 101', async () => {
    const [one, two] = [await named('one'), await named('two')];
    const gateway = await gatewayTo(
      [one, two],
      { forwarder, sticky: { cookie: 'at' } },
      { routes: [{ upstream: 'app', headers: { response: { set: { 'x-tier': 'gold' }, remove: ['x-inside'] } } }] },
    );
    one.server.on('headers', headers => headers.push('X-Inside: 1', 'X-Tier: lead'));
    const first = await openWebSocket(gateway.port);
    expect(await first.next()).toBe('one');
    const { headers } = first.response!;
    expect([headers['x-tier'], headers['x-inside']]).toEqual(['gold', undefined]);
    const [setCookie = ''] = headers['set-cookie'] ?? [];
    const [cookie = ''] = /^at=[0-9a-f]+/.exec(setCookie) ?? [];
    for (let number = 0; number < 3; number++) {
      const again = await openWebSocket(gateway.port, { headers: { cookie } });
      expect(await again.next()).toBe('one');
      expect(again.response!.headers['set-cookie']).toBeUndefined();
    }
    expect(two.sockets).toHaveLength(0);
  });

  it('goes to the backend with fewer tunnels under least-connections', async () => {
    const [one, two] = [await named('one'), await named('two')];
    const gateway = await gatewayTo([one, two], { forwarder, strategy: 'least-connections' });
    const clients = [];
    for (let number = 0; number < 6; number++) clients.push(await openWebSocket(gateway.port));
    expect([one.sockets.length, two.sockets.length]).toEqual([3, 3]);
    for (const client of clients) if ((await client.next()) === 'two') client.socket.close();
    await eventually(async () => expect(await gateway.metric('gatehouse_backend_in_flight')).toBe(3));
    for (let number = 0; number < 3; number++) expect(await (await openWebSocket(gateway.port)).next()).toBe('two');
  });

  it('takes no place of connections.max, neither from other tunnels nor from requests', async () => {
    const backend = await named('one');
    const gateway = await gatewayTo([backend], { forwarder, connections: { max: 1, queue: 0 } });
    for (let number = 0; number < 3; number++) expect(await (await openWebSocket(gateway.port)).next()).toBe('one');
    expect(await gateway.metric('gatehouse_backend_in_flight')).toBe(3);
    expect((await request(gateway.port)).status).toBe(426);
  });

  it('is sent to the unix socket of a backend', async () => {
    const socketPath = `${await tempFolder()}/app.sock`;
    const backend = await startWebSocketBackend(undefined, {}, { socketPath });
    const gateway = await gatewayTo([`unix:${socketPath}`], { forwarder });
    const client = await openWebSocket(gateway.port);
    expect(await client.ask('over a file?')).toBe('over a file?');
    client.socket.close(1000, 'thanks');
    await eventually(() => expect(backend.closes).toEqual([[1000, 'thanks']]));
    await expectAtRest(gateway);
  });

  it('is sent over TLS to an https backend', async () => {
    const { cert, key, certFile } = await makeCertificate();
    const backend = await startWebSocketBackend(undefined, {}, { tls: { cert, key } });
    const gateway = await gatewayTo([backend], { forwarder, tls: { ca: certFile } });
    const client = await openWebSocket(gateway.port);
    const message = 'x'.repeat(300_000);
    expect((await client.ask(message)) === message).toBe(true);
    backend.sockets[0]!.close(1000, 'thanks');
    expect(await client.closed()).toEqual([1000, 'thanks']);
    await expectAtRest(gateway);
  });

  it('is refused with 502 when no known authority has signed the certificate of an https backend', async () => {
    const { cert, key } = await makeCertificate();
    const backend = await startWebSocketBackend(undefined, {}, { tls: { cert, key } });
    const gateway = await gatewayTo([backend], { forwarder, retries: { attempts: 0 } });
    const response = await refusedWebSocket(gateway.port);
    expect([response.statusCode, response.headers['x-gateway-error']]).toEqual([502, 'CONNECT_FAILED']);
    expect(backend.requests).toHaveLength(0);
  });
});
