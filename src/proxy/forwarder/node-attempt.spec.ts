import http, { ClientRequest } from 'node:http';
import { duplexPair } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { closeLater } from '../../../test/support/cleanup.js';
import { plainRequest, RecordedAttempt, upload } from '../../../test/support/forwarding.js';
import { eventually } from '../../../test/support/poll.js';
import { always, startRawBackend, type RawConnection, type RawScript } from '../../../test/support/raw-backend.js';
import { GatewayError } from '../../http/gateway-error.js';
import { RequestBody, RequestBodyError } from '../client/request-body.js';
import type { ForwardRequest } from './forwarder.js';
import { NodeAttempt, type NodeAttemptOptions } from './node-attempt.js';
import { fieldsOf, sendHead } from './node-request.js';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A backend that gives each request the same answer, and goes on with `then`. */
const answering =
  (bytes: string, then?: (connection: RawConnection) => unknown): RawScript =>
  async connection => {
    await connection.head();
    connection.respond(bytes);
    await then?.(connection);
  };

/** An attempt whose request goes to a backend with this script. */
async function start(
  script: RawScript,
  change: Partial<ForwardRequest> = {},
  options: Partial<NodeAttemptOptions> = {},
) {
  const backend = await startRawBackend(script);
  const observer = new RecordedAttempt();
  const request = { ...plainRequest, ...change };
  const attempt = new NodeAttempt(request, observer, { connectTimeout: 5_000, ...options });
  closeLater(() => attempt.abort());
  const { method, path, body } = request;
  const agent = new http.Agent({ keepAlive: true });
  closeLater(() => agent.destroy());
  const send = (): ClientRequest => {
    const client = new ClientRequest({ port: backend.port, method, path, agent, headers: fieldsOf(request) });
    attempt.watch(client);
    if (body instanceof RequestBody) {
      sendHead(client);
      body.pipe(client);
    } else client.end(body);
    return client;
  };
  return { backend, observer, attempt, agent, client: send() };
}

describe('an attempt that node:http carries', () => {
  it('tells of an answer from its head to its trailers, and what came before', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n';
    const { observer } = await start(answering(interim + chunked));
    expect(await observer.over()).toEqual(['sent', 103, 200, 'end']);
    expect([observer.body, observer.trailers]).toEqual(['ok', ['X-Sum', '1']]);
  });

  it('passes a 100 on', async () => {
    const { observer } = await start(answering(`HTTP/1.1 100 Continue\r\n\r\n${ok}`), { expectsContinue: true });
    expect(await observer.over()).toEqual(['sent', 100, 200, 'end']);
  });

  it.each([
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', 'not chunked'],
    ['HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n', 'not asked for'],
    ['SSH-2.0-OpenSSH_9.6\r\n', 'Expected HTTP'],
  ])('refuses %j', async (bytes, reason) => {
    const { observer, backend } = await start(answering(bytes));
    expect(await observer.over()).toEqual(['sent', 'PROTOCOL']);
    expect(observer.error!.reason).toContain(reason);
    expect(await backend.connections[0]!.closed).toMatch(/end|reset/);
  });

  it.each<[string, (connection: RawConnection) => void]>([
    ['closed', connection => connection.end()],
    ['reset', connection => connection.reset()],
  ])('tells what has come of a body whose connection is %s, and that it broke', async (_, then) => {
    const { observer } = await start(answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf', then));
    expect(await observer.over()).toEqual(['sent', 200, 'BODY_BROKEN']);
    expect(observer.body).toBe('half');
  });

  it('tells what has come of a body that goes on as no HTTP, and that it broke', async () => {
    const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nno chunk\r\n';
    const { observer } = await start(answering(chunks));
    expect(await observer.over()).toEqual(['sent', 200, 'BODY_BROKEN']);
    expect(observer.body).toBe('half');
  });

  it('takes an answer that is whole for what it is, also when no HTTP comes behind it', async () => {
    const { observer } = await start(answering(`${ok}no HTTP`));
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
    expect(observer.body).toBe('ok');
  });

  it('takes a new connection that is closed without an answer for a fault of the backend', async () => {
    const { observer } = await start(async connection => {
      await connection.head();
      connection.end();
    });
    expect(await observer.over()).toEqual(['sent', 'RESET']);
    expect([observer.stale, observer.unsent]).toEqual([false, false]);
  });

  it('takes a reused connection that is closed without an answer for a stale one', async () => {
    const { observer, agent, backend } = await start(async connection => {
      await connection.head();
      connection.respond(ok);
      await connection.head(2);
      connection.end();
    });
    await observer.over();
    await eventually(() => Object.keys(agent.freeSockets).length === 1);
    const second = new RecordedAttempt();
    const attempt = new NodeAttempt(plainRequest, second, { connectTimeout: 5_000 });
    const client = new ClientRequest({ port: backend.port, agent });
    attempt.watch(client);
    client.end();
    expect(await second.over()).toEqual(['sent', 'RESET']);
    expect(second.stale).toBe(true);
  });

  it('knows that the connection ended before all of the body was written', async () => {
    const { observer } = await start(
      answering('', connection => connection.reset()),
      {
        method: 'POST',
        body: upload().body,
      },
    );
    expect(await observer.over()).toEqual(['sent', 'RESET']);
    expect(observer.unsent).toBe(true);
  });

  it('fails with what is wrong with the body of the client, also when the answer has begun', async () => {
    const known = new GatewayError('BODY_TOO_LARGE');
    const { body } = upload();
    const { observer } = await start(answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'), {
      method: 'POST',
      body,
    });
    await eventually(() => observer.told.includes(200));
    body.destroy(new RequestBodyError(known));
    await observer.over();
    expect(observer.error).toBe(known);
  });

  it('sends the trailers behind a chunked body', async () => {
    const { source, body } = upload();
    const { backend, observer } = await start(always(ok), { method: 'POST', body });
    source.arrive(Buffer.from('abc'));
    await (await backend.connection()).until('3\r\nabc\r\n');
    source.finish();
    await backend.connections[0]!.until('0\r\n\r\n');
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
  });

  it('tells nothing more once it was given up, closes the connection, and says once that it is over', async () => {
    let over = 0;
    const { observer, attempt, backend } = await start(answering(''), {}, { onOver: () => void over++ });
    await (await backend.connection()).head();
    attempt.abort();
    attempt.abort();
    await backend.connections[0]!.closed;
    expect([observer.told, over, attempt.over]).toEqual([['sent'], 1, true]);
  });

  it('given up while its connection is being made, closes that', () => {
    const attempt = new NodeAttempt(plainRequest, new RecordedAttempt(), { connectTimeout: 5_000 });
    const [one, other] = duplexPair();
    attempt.onConnecting(one as Parameters<NodeAttempt['onConnecting']>[0]);
    expect(one.destroyed).toBe(false);
    attempt.abort();
    attempt.onConnecting(other as Parameters<NodeAttempt['onConnecting']>[0]);
    expect([one.destroyed, other.destroyed]).toEqual([true, true]);
  });

  it('waits for the client, and goes on when it reads again', async () => {
    const { observer, attempt, client } = await start(async connection => {
      await connection.head();
      connection.respond(`HTTP/1.1 200 OK\r\nContent-Length: ${1024 * 1024}\r\n\r\n`);
      connection.respond(Buffer.alloc(1024 * 1024, 'a'));
    });
    observer.wantsMore = false;
    await eventually(() => observer.body.length > 0);
    const before = observer.body.length;
    await eventually(() => client.socket!.isPaused());
    expect(observer.body.length).toBe(before);
    observer.wantsMore = true;
    attempt.resume();
    expect((await observer.over()).at(-1)).toBe('end');
    expect(observer.body.length).toBe(1024 * 1024);
  });

  it('hands an upgraded connection over, with what came behind the head', async () => {
    const bytes = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\nframe';
    const { observer, backend } = await start(answering(bytes), { upgrade: 'websocket' });
    expect(await observer.over()).toEqual(['sent', 'upgraded']);
    expect(observer.body).toBe('frame');
    observer.connection!.write('back');
    await backend.connections[0]!.until('back');
    observer.connection!.destroy();
  });

  it('hands over what stands for the connection, and closes that with it', async () => {
    const bytes = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n';
    const [pipe] = duplexPair();
    const { observer, backend } = await start(answering(bytes), { upgrade: 'websocket' }, { pipe });
    await observer.over();
    expect(observer.connection).toBe(pipe);
    pipe.destroy();
    expect(await backend.connections[0]!.closed).toMatch(/end|reset/);
  });
});

describe('in time, an attempt that node:http carries', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => vi.useRealTimers());

  /** Lets time pass, and the event loop go round, in which what has come is read. */
  async function pass(milliseconds: number): Promise<void> {
    vi.advanceTimersByTime(milliseconds);
    await turn();
    await turn();
  }

  const half = answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');

  it.each([
    [0, 400],
    [200, 200],
  ])('waits for a connection as long as the request (%d ms) or else the upstream allows', async (own, limit) => {
    const observer = new RecordedAttempt();
    const attempt = new NodeAttempt({ ...plainRequest, connectTimeout: own }, observer, { connectTimeout: 400 });
    await pass(limit - 1);
    expect(observer.told).toEqual([]);
    await pass(1);
    expect(observer.error).toMatchObject({ code: 'CONNECT_TIMEOUT', reason: `no connection in ${limit} ms` });
    expect(attempt.over).toBe(true);
  });

  it('waits for the head', async () => {
    const { observer, backend } = await start(answering(''), { responseTimeout: 200 });
    await (await backend.connection()).head();
    await pass(199);
    expect(observer.told).toEqual(['sent']);
    await pass(1);
    expect(observer.error).toMatchObject({ code: 'HEAD_TIMEOUT', reason: 'no response head in 200 ms' });
  });

  it('waits for the head only when all of the body was sent', async () => {
    const { body, source } = upload();
    const { observer, backend } = await start(answering(''), { method: 'POST', body, responseTimeout: 200 });
    await (await backend.connection()).head();
    await pass(1_000);
    source.finish();
    await backend.connections[0]!.until('0\r\n\r\n');
    expect(observer.told).toEqual(['sent']);
    await pass(200);
    expect(observer.told).toEqual(['sent', 'HEAD_TIMEOUT']);
  });

  it('waits for each piece of the body anew', async () => {
    const { observer, backend } = await start(half, { idleTimeout: 200 });
    await eventually(() => observer.body === 'half');
    await pass(150);
    backend.connections[0]!.respond('+');
    await eventually(() => observer.body === 'half+');
    await pass(150);
    expect(observer.told).toEqual(['sent', 200]);
    await pass(50);
    expect(observer.error).toMatchObject({ code: 'BODY_BROKEN', reason: 'timeouts.idle: nothing for 200 ms' });
  });

  it('does not count the time in which the client does not read', async () => {
    const { observer, attempt, backend } = await start(half, { idleTimeout: 200 });
    observer.wantsMore = false;
    await eventually(() => observer.body === 'half');
    await pass(1_000);
    expect(observer.told).toEqual(['sent', 200]);
    observer.wantsMore = true;
    attempt.resume();
    backend.connections[0]!.respond('whole');
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
  });

  it('obeys another limit that is set while the body comes', async () => {
    const { observer, attempt } = await start(half);
    await eventually(() => observer.body === 'half');
    attempt.setIdleTimeout(200);
    await pass(200);
    expect(observer.told).toEqual(['sent', 200, 'BODY_BROKEN']);
  });
});
