import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { answer, connectionScene } from '../../../test/support/connection-scene.js';
import { eventually } from '../../../test/support/poll.js';
import { socketPair } from '../../../test/support/socket-pair.js';

const get = (target: string, fields = ''): string => `GET ${target} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
const post = (length: number, body = ''): string =>
  `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;

/** Bytes that a connection may have read beyond what is wanted: 64 KiB that wait, and a piece that was on its way. */
const mostRead = 256 * 1024;

describe('requests that a client sends ahead', () => {
  it('are taken one after the other, each when the one before it is answered', async () => {
    const { client, told, tells, answer } = await connectionScene();
    client.send(get('/1') + get('/2') + get('/3'));
    await tells(1);
    expect(told).toEqual(['GET /1']);
    answer('one');
    expect((await client.response()).text).toBe('one');
    await tells(3);
    expect(told).toEqual(['GET /1', 'whole', 'GET /2']);
    answer('two');
    await tells(5);
    answer('three');
    expect([(await client.response()).text, (await client.response()).text]).toEqual(['two', 'three']);
    await tells(6);
    expect(told).toEqual(['GET /1', 'whole', 'GET /2', 'whole', 'GET /3', 'whole']);
  });

  it('stay in the system of the client beyond 64 KiB, and come when they are wanted', async () => {
    const scene = await connectionScene();
    const { client, server, told, tells } = scene;
    const filler = `X-Filler: ${'x'.repeat(8_000)}\r\n`;
    const targets = Array.from({ length: 200 }, (_, at) => `/${at}`);
    client.send(targets.map(target => get(target, filler)).join(''));
    await eventually(() => server.isPaused());
    expect([told, server.bytesRead < mostRead]).toEqual([['GET /0'], true]);
    for (let count = 1; count <= targets.length; count++) {
      await tells(2 * count - 1);
      scene.answer();
      expect((await client.response()).text).toBe('ok');
    }
    await tells(2 * targets.length);
    expect(told).toEqual(targets.flatMap(target => [`GET ${target}`, 'whole']));
  });

  it('cut at any place are the same requests', async () => {
    const { client, told, gets } = await connectionScene({ begin: (_message, connection) => answer(connection) });
    const bytes = get('/1') + get('/2');
    for (const [at, byte] of [...bytes].entries()) {
      client.send(byte);
      await gets(at + 1);
    }
    await eventually(() => told.length === 4);
    expect(told).toEqual(['GET /1', 'whole', 'GET /2', 'whole']);
  });
});

describe('a connection', () => {
  it.each([
    ['HTTP/1.1', '', true],
    ['HTTP/1.1', 'Connection: close\r\n', false],
    ['HTTP/1.1', 'Connection: x, Close\r\n', false],
    ['HTTP/1.0', '', false],
    ['HTTP/1.0', 'Connection: Keep-Alive\r\n', true],
    ['HTTP/1.0', 'Connection: keep-alive, close\r\n', false],
  ])('of %s with %j is kept: %s', async (version, fields, isKept) => {
    const { sut, client, told, tells, answer } = await connectionScene();
    client.send(`GET /1 ${version}\r\n${fields}\r\n`);
    await tells(1);
    expect(sut.mayPersist).toBe(isKept);
    answer();
    expect((await client.response()).text).toBe('ok');
    if (!isKept) expect(await client.closed()).toBe('end');
    else {
      client.send(get('/2'));
      await tells(3);
    }
    expect(told).toEqual(isKept ? ['GET /1', 'whole', 'GET /2'] : ['GET /1', 'whole']);
  });

  it('that was the last of HTTP/1.0 in one request is not that of the next', async () => {
    const { sut, client, tells, answer } = await connectionScene();
    client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    await tells(1);
    answer();
    client.send('GET / HTTP/1.0\r\n\r\n');
    await tells(3);
    expect(sut.mayPersist).toBe(false);
  });

  it('carries no more requests than it may, and drops what comes behind them', async () => {
    const { client, told, sut, tells, answer, isClosed } = await connectionScene({
      limits: { requestsPerConnection: 2 },
    });
    client.send(get('/1') + get('/2') + get('/3'));
    await tells(1);
    expect(sut.mayPersist).toBe(true);
    answer();
    await tells(3);
    expect(sut.mayPersist).toBe(false);
    answer();
    expect((await client.response()).header('connection')).toBe('keep-alive');
    expect((await client.response()).header('connection')).toBe('close');
    expect(await client.closed()).toBe('end');
    client.half();
    await isClosed();
    expect(told).toEqual(['GET /1', 'whole', 'GET /2', 'whole']);
  });

  it.each([
    ['says so', (persists: { endWithAnswer(): void }) => persists.endWithAnswer(), true],
    ['cannot be followed', () => {}, false],
  ])('ends behind an answer that %s', async (_what, change, persists) => {
    const { sut, client, told, tells, answer } = await connectionScene();
    client.send(get('/1'));
    await tells(1);
    change(sut);
    answer('last', persists);
    expect([(await client.response()).text, await client.closed()]).toEqual(['last', 'end']);
    expect(told).toEqual(['GET /1', 'whole']);
  });

  it('has as many listeners after many requests as after the first', async () => {
    const { client, server, tells, answer } = await connectionScene();
    const counts = (): number[] => server.eventNames().map(name => server.listenerCount(name));
    let first: number[] | undefined;
    for (let count = 1; count <= 30; count++) {
      client.send(post(5, 'hello'));
      await tells(2 * count - 1);
      answer();
      await client.response();
      await tells(2 * count);
      first ??= counts();
    }
    expect(counts()).toEqual(first);
  });

  it('has the answer go on when its client reads on', async () => {
    const { sut, client, server, tells } = await connectionScene();
    client.pause();
    client.send(get('/'));
    await tells(1);
    let resumed = 0;
    sut.responder = { source: { resume: () => void resumed++ } };
    const piece = Buffer.alloc(1024 * 1024);
    while (server.writableLength === 0) server.write(piece);
    expect(resumed).toBe(0);
    client.resume();
    await eventually(() => resumed === 1);
  });
});

describe('a body', () => {
  it('that is not wanted yet stays with its client; it comes in pieces as they are taken', async () => {
    const { client, server, begun, told, tells, answer } = await connectionScene();
    const size = 8 * 1024 * 1024;
    client.send(post(size));
    client.send(Buffer.alloc(size, 'x'));
    await tells(1);
    await eventually(() => server.isPaused());
    expect(server.bytesRead).toBeLessThan(mostRead);
    const message = begun[0]!;
    let taken = 0;
    let isOver = false;
    message.on('data', chunk => {
      taken += chunk.length;
      message.pause();
      setImmediate(() => message.resume());
    });
    message.on('end', () => (isOver = true));
    message.resume();
    await eventually(() => taken > size / 2);
    // What was read is no more than what was taken, and a little.
    expect(server.bytesRead - taken).toBeLessThan(mostRead);
    await eventually(() => isOver);
    expect([taken, message.complete]).toEqual([size, true]);
    answer();
    client.send(get('/next'));
    await tells(3);
    expect(told).toEqual(['POST /', 'whole', 'GET /next']);
  });

  it('in chunks comes with its trailers, and what is behind it is the next request', async () => {
    const { client, begun, told, tells, answer } = await connectionScene();
    client.send('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await tells(1);
    const message = begun[0]!;
    let text = '';
    message.on('data', chunk => (text += chunk.toString()));
    message.resume();
    await eventually(() => text === 'abc');
    expect(message.complete).toBe(false);
    client.send(`2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n${get('/next')}`);
    await eventually(() => message.complete);
    expect([text, message.rawTrailers]).toEqual(['abcde', ['X-Sum', '5']]);
    answer();
    await tells(3);
    expect(told).toEqual(['POST /', 'whole', 'GET /next']);
  });

  it('that was not asked for is read to its end behind an answer, and the next request is taken', async () => {
    const { client, told, tells, answer } = await connectionScene();
    client.send(post(40_000, 'some'));
    await tells(1);
    answer('early');
    expect((await client.response()).text).toBe('early');
    await tells(2);
    client.send(`${'x'.repeat(39_996)}${get('/next')}`);
    await tells(3);
    answer('next');
    expect((await client.response()).text).toBe('next');
    await tells(4);
    expect(told).toEqual(['POST /', 'whole', 'GET /next', 'whole']);
  });

  it('of which the rest never comes behind an answer ends the connection after five seconds', async () => {
    const { client, told, tells, answer, sweepIn, server, isClosed } = await connectionScene();
    client.send(post(10, 'some'));
    await tells(1);
    answer('early');
    await tells(2);
    sweepIn(4_000);
    expect(server.destroyed).toBe(false);
    sweepIn(5_100);
    await isClosed();
    expect(told).toEqual(['POST /', 'whole']);
  });

  it('behind the last answer is dropped until its client has read that, for five seconds at most', async () => {
    const { client, told, tells, answer, sweepIn, server, isClosed } = await connectionScene();
    client.send(post(10_000_000, 'some'));
    await tells(1);
    answer('too large', false);
    expect([(await client.response()).text, await client.closed()]).toEqual(['too large', 'end']);
    // No reset, though more than the buffers hold comes behind the answer.
    client.send(Buffer.alloc(8_000_000));
    await eventually(() => server.bytesRead > 8_000_000);
    expect(client.state).toBe('end');
    sweepIn(4_000);
    expect(server.destroyed).toBe(false);
    sweepIn(5_100);
    await isClosed();
    expect(told).toEqual(['POST /', 'whole']);
  });

  it.each([
    ['was not asked for', () => {}],
    ['is paused', (message: { pause(): void }) => message.pause()],
  ])('that is whole and %s does not hide that its client has left', async (_what, hold) => {
    const { client, server, begun, told, tells, sweepIn, isClosed } = await connectionScene();
    client.send(post(5));
    await tells(1);
    client.send('hello');
    await eventually(() => begun[0]!.complete);
    hold(begun[0]!);
    client.close();
    await eventually(() => server.readableEnded);
    sweepIn(1_100);
    await isClosed();
    expect(told).toEqual(['POST /', 'gone']);
  });
});

describe('a connection that is handed over', () => {
  const heard = (socket: Socket): number[] => ['data', 'end', 'drain'].map(event => socket.listenerCount(event));

  it('gives what came behind the head, once, and is let go of', async () => {
    const { sut, client, server, begun, told, tells, gets, isClosed } = await connectionScene();
    const head = get('/', 'Connection: Upgrade\r\nUpgrade: own\r\n');
    client.send(`${head}early`);
    await tells(1);
    sut.handOver();
    client.send(' and later');
    await gets(head.length + 'early and later'.length);
    expect([sut.takeAhead().toString(), sut.takeAhead().length]).toEqual(['early and later', 0]);
    const rest: string[] = [];
    server.on('data', chunk => rest.push(chunk.toString())).resume();
    client.send('for the tunnel');
    await eventually(() => rest.join('') === 'for the tunnel');
    server.removeAllListeners('data');
    expect(heard(server)).toEqual(heard((await socketPair())[1]));
    sut.sweep(performance.now() + 1_000_000);
    client.reset();
    await isClosed();
    expect([told, begun[0]!.destroyed]).toEqual([['GET /'], false]);
  });

  it('keeps no more than 64 KiB, and the rest comes afterwards', async () => {
    const { sut, client, server, tells } = await connectionScene();
    client.send(get('/'));
    await tells(1);
    sut.handOver();
    const size = 2 * 1024 * 1024;
    client.send(Buffer.alloc(size));
    await eventually(() => server.isPaused());
    expect(server.bytesRead).toBeLessThan(mostRead);
    let length = sut.takeAhead().length;
    server.on('data', chunk => (length += chunk.length)).resume();
    await eventually(() => length === size);
  });

  it('while its request begins keeps what is behind the head', async () => {
    const { sut, client, tells } = await connectionScene({ begin: (_message, connection) => connection.handOver() });
    client.send(`${get('/')}early`);
    await tells(1);
    expect(sut.takeAhead().toString()).toBe('early');
  });
});
