import { beforeAll, describe, expect, it } from 'vitest';
import { refusedPort } from '../support/backend.js';
import { connectRaw, rawRequest } from '../support/client.js';
import { eventually } from '../support/poll.js';
import type { InProcessGateway } from '../support/in-process.js';
import { startRawBackend, type RawBackend, type RawScript } from '../support/raw-backend.js';
import { accessLineOf, accessLines, expectAtRest, gatewayTo } from '../support/scene.js';
import { secureGatewayTo } from '../support/secure-scene.js';
import { connectHttp2, responseOf } from '../support/http2-client.js';
import { handshake, startUpgradeBackend, switching } from '../support/upgrade-scene.js';

/** Answers each connection's first request with what is made of its head. */
const answering =
  (answer: (head: string) => string): RawScript =>
  async connection =>
    connection.respond(answer(await connection.head()));

const mebibyte = Buffer.alloc(1024 * 1024, 'x');

describe.each(['default', 'http-proxy-middleware'])('behind %s', forwarder => {
  const upstream = { forwarder, retries: { attempts: 0 }, circuitBreaker: { enabled: false } };
  let backend: RawBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startRawBackend();
    gateway = await gatewayTo([backend], upstream);
  });

  /** What the backend does with its connections from now on; it ends those that are kept. */
  async function serve(script: RawScript): Promise<{ readonly first: number }> {
    backend.script = script;
    return { first: await backend.hangUp() };
  }

  describe('a backend that agrees in a wrong way', () => {
    it.each([
      ['with another protocol', (head: string) => switching(head).replace('websocket', 'foo')],
      ['with two protocols', (head: string) => switching(head).replace('websocket', 'websocket, foo')],
      ['without Upgrade', (head: string) => switching(head).replace(/Upgrade: .*\r\n/, '')],
      ['without Connection', (head: string) => switching(head).replace(/Connection: .*\r\n/, '')],
      ['without Sec-WebSocket-Accept', (head: string) => switching(head).replace(/Sec-WebSocket-Accept.*\r\n/, '')],
      ['with a wrong Sec-WebSocket-Accept', (head: string) => switching(head).replace(/Accept: .../, 'Accept: no!')],
      ['with a wrong proof before the right one', (head: string) => switching(head).replace(/(Sec-\S+ )/, '$1x\r\n$1')],
    ])('%s gives 502, and nothing that follows reaches the client', async (_, answer) => {
      const { first } = await serve(answering(head => `${answer(head)}HTTP/1.1 200 OK\r\n\r\nstolen`));
      const client = await connectRaw(gateway.port);
      client.send(handshake());
      const response = await client.response();
      expect(response).toMatchObject({ status: 502, clean: true });
      expect(response.header('x-gateway-error')).toBe('PROTOCOL');
      expect(await client.closed()).toBe('end');
      expect(client.rest).toHaveLength(0);
      await backend.connections[first]!.closed;
      await expectAtRest(gateway);
    });

    it.each(['GET', 'POST'])('that a %s has not asked for gives 502', async method => {
      const { first } = await serve(answering(() => `${switching('upgrade: websocket\r\n')}stolen`));
      const response = await rawRequest(gateway.port, `${method} / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`);
      expect(response).toMatchObject({ status: 502, clean: true });
      expect(response.header('x-gateway-error')).toBe('PROTOCOL');
      await backend.connections[first]!.closed;
      await expectAtRest(gateway);
    });

    it('without a request for one over chunks gives 502', async () => {
      await serve(answering(() => `${switching('upgrade: websocket\r\n')}stolen`));
      const chunked = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n';
      expect(await rawRequest(gateway.port, chunked)).toMatchObject({ status: 502 });
      await expectAtRest(gateway);
    });
  });

  it.each([403, 429, 401, 404])('a refusal with %i comes with its fields and its body', async status => {
    const fields = 'Content-Length: 4\r\nRetry-After: 7\r\nX-Why: because\r\nWWW-Authenticate: Basic\r\n';
    await serve(answering(() => `HTTP/1.1 ${status} Not now\r\n${fields}\r\nnope`));
    const before = await accessLines(gateway);
    const client = await connectRaw(gateway.port);
    client.send(handshake());
    const response = await client.response();
    expect(response).toMatchObject({ status, reason: 'Not now', text: 'nope', ending: 'content-length' });
    expect(response.header('retry-after')).toBe('7');
    expect(response.header('x-why')).toBe('because');
    expect(response.header('www-authenticate')).toBe('Basic');
    expect(response.header('connection')).toBe('close');
    expect(await client.closed()).toBe('end');
    expect(await accessLineOf(gateway, before + 1)).toMatchObject({ status, protocol: 'websocket', bytesOut: 4 });
    await expectAtRest(gateway);
  });

  it.each(['with a length', 'in chunks', 'until the connection ends'])(
    'a refusal with a large body %s waits for a client that reads slowly, and comes whole',
    async framing => {
      const size = 24;
      let sent = 0;
      await serve(async connection => {
        await connection.head();
        const chunked = framing === 'in chunks';
        const length = framing === 'with a length' ? `Content-Length: ${size * 1024 * 1024}\r\n` : '';
        connection.respond(`HTTP/1.1 403 No\r\n${chunked ? 'Transfer-Encoding: chunked\r\n' : length}\r\n`);
        for (let count = 0; count < size; count++) {
          if (chunked) connection.respond('100000\r\n');
          const flows = connection.socket.write(mebibyte);
          if (chunked) connection.respond('\r\n');
          if (!flows) await new Promise(resolve => connection.socket.once('drain', resolve));
          sent++;
        }
        connection.end(chunked ? '0\r\n\r\n' : '');
      });
      const client = await connectRaw(gateway.port);
      client.send(handshake());
      await client.until('\r\n\r\n');
      client.pause();
      let before = -1;
      await eventually(
        () => {
          const still = sent === before;
          before = sent;
          return still;
        },
        { interval: 200 },
      );
      expect(sent).toBeLessThan(size);
      client.resume();
      // Read once, at the end: the answer ends the connection.
      await client.closed(20_000);
      const response = await client.response();
      expect(response).toMatchObject({ status: 403, clean: true });
      expect(response.body.length).toBe(size * 1024 * 1024);
      await expectAtRest(gateway);
    },
  );

  it('a refusal whose body breaks off is seen to be broken', async () => {
    await serve(answering(() => 'HTTP/1.1 403 No\r\nContent-Length: 10\r\n\r\nhalf'));
    const client = await connectRaw(gateway.port);
    client.send(handshake());
    await client.until('half');
    backend.connections.at(-1)!.reset();
    expect(await client.response()).toMatchObject({ status: 403, clean: false, text: 'half' });
    await expectAtRest(gateway);
  });

  it('that never answers gives 504 after timeouts.response', async () => {
    const silent = await startRawBackend();
    const impatient = await gatewayTo([silent], { ...upstream, timeouts: { response: '300ms' } });
    const client = await connectRaw(impatient.port);
    client.send(handshake());
    const response = await client.response();
    expect(response).toMatchObject({ status: 504, clean: true });
    expect(response.header('x-gateway-error')).toBe('HEAD_TIMEOUT');
    expect(await client.closed()).toBe('end');
    await silent.connections[0]!.closed;
    await expectAtRest(impatient);
  });

  it('that cannot be reached gives 502', async () => {
    const gone = await gatewayTo([`http://127.0.0.1:${await refusedPort()}`], upstream);
    expect(await rawRequest(gone.port, handshake())).toMatchObject({ status: 502, clean: true });
    await expectAtRest(gone);
  });

  it('that dies at its handshake is tried again elsewhere', async () => {
    const broken = await startRawBackend(async connection => {
      await connection.head();
      connection.reset();
    });
    const good = await startUpgradeBackend();
    const retrying = await gatewayTo([broken, good], { forwarder, retries: { backoff: '1ms' } });
    for (let count = 0; count < 4; count++) {
      expect(await rawRequest(retrying.port, handshake())).toMatchObject({ status: 101 });
    }
  });

  it('whose answer has line ends in its fields cannot add fields of its own', async () => {
    await serve(answering(head => switching(head, 'X-A: b\rX-Evil: 1\r\n')));
    const response = await rawRequest(gateway.port, handshake());
    expect(response.header('x-evil')).toBeUndefined();
    expect([101, 502]).toContain(response.status);
  });
});

it('a refusal of a stream of HTTP/2 comes with its status and body', async () => {
  const backend = await startRawBackend(answering(() => 'HTTP/1.1 403 No\r\nContent-Length: 2\r\nX-Why: so\r\n\r\nno'));
  const gateway = await secureGatewayTo([backend]);
  const client = await connectHttp2(gateway.port);
  const stream = client.open({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    'sec-websocket-version': '13',
  });
  const { status, text, headers } = await responseOf(stream);
  expect({ status, text, why: headers['x-why'] }).toEqual({ status: 403, text: 'no', why: 'so' });
  await expectAtRest(gateway);
});
