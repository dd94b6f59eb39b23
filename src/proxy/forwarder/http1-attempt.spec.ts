import { describe, expect, it } from 'vitest';
import { refusedPort } from '../../../test/support/backend.js';
import { answering, CarriedScene, ok, refuseWrites, sendTo } from '../../../test/support/carried-scene.js';
import { RecordedAttempt } from '../../../test/support/forwarding.js';
import { eventually } from '../../../test/support/poll.js';
import { always, type RawConnection } from '../../../test/support/raw-backend.js';
import type { ForwardRequest } from './forwarder.js';

const post = { method: 'POST', headers: ['Host', 'a', 'Content-Length', '2'], body: Buffer.from('hi') };
const half = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf';

describe('what an attempt tells', () => {
  it('is an answer from its head to its trailers, and what came before', async () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const chunked = 'HTTP/1.1 200 OK\r\nx-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n';
    const { observer } = await sendTo(answering(interim + chunked));
    expect(await observer.over()).toEqual(['sent', 103, 200, 'end']);
    expect(observer).toMatchObject({
      body: 'ok',
      headers: ['x-A', '1', 'Transfer-Encoding', 'chunked'],
      trailers: ['X-Sum', '1'],
    });
  });

  it('is the reason phrase, byte for byte, and no fields of a 100', async () => {
    const told: unknown[] = [];
    const observer = Object.assign(new RecordedAttempt(), {
      informational: (...what: unknown[]) => void told.push(what),
      head: (...what: unknown[]) => void told.push(what.slice(0, 2)),
    });
    await sendTo(
      answering('HTTP/1.1 100 \r\nX-A: 1\r\n\r\nHTTP/1.1 404 \xe9t\xe9\r\nContent-Length: 0\r\n\r\n'),
      {},
      { observer },
    );
    await observer.over();
    expect(told).toEqual([
      [100, []],
      [404, '\xe9t\xe9'],
    ]);
  });

  it('is an answer to HEAD without a body, after which its connection carries the next', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n';
    const { observer, scene } = await sendTo(always(head), { method: 'HEAD' });
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
    expect(scene.figures).toEqual([0, 1, 0]);
  });

  it('is an answer that ends with its connection', async () => {
    const { observer, scene } = await sendTo(answering('HTTP/1.1 200 OK\r\n\r\nall of it', one => one.end()));
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
    expect([observer.body, scene.figures]).toEqual(['all of it', [0, 0, 0]]);
  });

  it('is data that stay as they are when the connection reads on', async () => {
    const chunks: Buffer[] = [];
    const observer = Object.assign(new RecordedAttempt(), { data: (chunk: Buffer) => chunks.push(chunk) > 0 });
    const { backend } = await sendTo(answering('HTTP/1.1 200 OK\r\nContent-Length: 104\r\n\r\nhalf'), {}, { observer });
    await eventually(() => chunks.length === 1);
    backend.connections[0]!.respond('+'.repeat(100));
    await observer.over();
    expect(chunks.map(String)).toEqual(['half', '+'.repeat(100)]);
  });

  it.each<[string, string, string, string]>([
    ['no HTTP', '220 smtp.example ESMTP\r\n', 'PROTOCOL', 'bad response: the first line is no status line'],
    ['a head that is too large', `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(1_000)}\r\n\r\n`, 'PROTOCOL', 'too large'],
    ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', 'PROTOCOL', 'not chunked'],
  ])('of %s is that the backend broke the rules, and the connection is closed', async (_, bytes, code, reason) => {
    const { observer, backend, scene } = await sendTo(answering(bytes));
    expect(await observer.over()).toEqual(['sent', code]);
    expect(observer.error!.reason).toContain(reason);
    await backend.connections[0]!.closed;
    expect([scene.figures, observer.stale, observer.unsent]).toEqual([[0, 0, 0], false, false]);
  });

  it.each<[string, string, (connection: RawConnection) => void, string]>([
    ['closed within its head', 'HTTP/1.1 200 OK\r\nContent-Le', one => one.end(), 'RESET'],
    ['reset within its head', 'HTTP/1.1 200 OK\r\nContent-Le', one => one.reset(), 'RESET'],
    ['closed behind a 103', 'HTTP/1.1 103 Early Hints\r\n\r\n', one => one.end(), 'RESET'],
    ['closed within its body', half, one => one.end(), 'BODY_BROKEN'],
    ['reset within its body', half, one => one.reset(), 'BODY_BROKEN'],
    ['reset in place of its end', 'HTTP/1.1 200 OK\r\n\r\nhalf', one => one.reset(), 'BODY_BROKEN'],
    [
      'going on as no HTTP',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      one => one.respond('no chunk\r\n'),
      'BODY_BROKEN',
    ],
  ])('of an answer that is %s is what has come, and that it broke', async (_, bytes, breaks, code) => {
    const { observer, backend, scene } = await sendTo(answering(bytes));
    const isBody = code === 'BODY_BROKEN';
    if (isBody) await eventually(() => observer.body === 'half');
    else await eventually(() => scene.connections[0]?.socket.bytesRead === bytes.length);
    breaks(backend.connections[0]!);
    expect((await observer.over()).at(-1)).toBe(code);
    expect([observer.told.filter(what => what === code).length, observer.stale, scene.figures]).toEqual([
      1,
      false,
      [0, 0, 0],
    ]);
  });

  it.each([
    ['ends with its connection', '', 'BODY_BROKEN'],
    ['has a length', 'Content-Length: 4\r\n', 'end'],
  ])('of an answer that %s, behind a write that failed, is whether it is whole', async (_, field, last) => {
    const { observer, backend, scene } = await sendTo(answering(`HTTP/1.1 200 OK\r\n${field}\r\nhal`));
    await eventually(() => observer.body === 'hal');
    refuseWrites(scene.connections[0]!.socket);
    backend.connections[0]!.end('f');
    expect(await observer.over()).toEqual(['sent', 200, last]);
    expect([observer.error?.reason, scene.figures]).toEqual([
      last === 'end' ? undefined : 'reset while the request was sent',
      [0, 0, 0],
    ]);
  });

  it('of bytes that cross with the first request is that they answer it: nothing tells them apart', async () => {
    const { observer, backend, scene } = await sendTo(() => undefined);
    await eventually(() => scene.connections.length === 1);
    backend.connections[0]!.respond(ok);
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
  });

  it('is that no connection can be made', async () => {
    const scene = new CarriedScene(`http://127.0.0.1:${await refusedPort()}`);
    const { observer, attempt } = scene.send({ connectTimeout: 60_000 });
    expect(await observer.over()).toEqual(['CONNECT_FAILED']);
    expect(attempt.slot).toBe(-1);
    expect([observer.error!.reason, scene.figures]).toEqual([expect.stringContaining('ECONNREFUSED'), [0, 0, 0]]);
  });
});

describe('what an attempt sends', () => {
  const sent = async (change: Partial<ForwardRequest>): Promise<string> => {
    const { backend, observer } = await sendTo(always(ok), change);
    await observer.over();
    return backend.connections[0]!.text;
  };

  it.each<[string, Partial<ForwardRequest>, string]>([
    ['a GET', {}, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'],
    [
      'the target *',
      { method: 'OPTIONS', path: '*' },
      'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n',
    ],
    ['a POST without a body', { method: 'POST' }, 'POST / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n'],
    [
      'a body',
      { ...post, body: Buffer.from('\xe9!', 'latin1') },
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n\xe9!',
    ],
    [
      'TE: trailers',
      { headers: ['Host', 'a', 'TE', 'trailers'], acceptsTrailers: true },
      'GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: keep-alive, TE\r\n\r\n',
    ],
    [
      'an expectation',
      { ...post, expectsContinue: true },
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: keep-alive\r\n\r\nhi',
    ],
    [
      'an offer of another protocol',
      { upgrade: 'websocket' },
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ],
  ])('is, of %s, these bytes', async (_, change, bytes) => {
    expect(await sent(change)).toBe(bytes);
  });

  it('is a large body as it is', async () => {
    const body = Buffer.from(Array.from({ length: 200_000 }, (_, at) => at % 251));
    const { backend } = await sendTo(() => undefined, { ...post, body });
    const connection = await backend.connection();
    await connection.head();
    await eventually(() => connection.received.length >= body.length + connection.text.indexOf('\r\n\r\n') + 4);
    expect(connection.received.subarray(-body.length).equals(body)).toBe(true);
  });

  it.each<[string, Partial<ForwardRequest>]>([
    ['target', { path: '/a b' }],
    ['field', { headers: ['Host', 'a', 'X-A', 'line\r\nX-B: 1'] }],
    ['method', { method: 'GET /a' }],
  ])('is nothing where the %s cannot be written: the request is at fault', async (_, change) => {
    const { backend, observer, scene } = await sendTo(always(ok), change);
    expect((await observer.over()).at(-1)).toBe('DENIED');
    await eventually(() => expect(scene.figures).toEqual([0, 0, 0]));
    expect((await backend.connection()).text).toBe('');
  });
});
