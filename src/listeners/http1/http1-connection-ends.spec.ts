import { describe, expect, it, vi } from 'vitest';
import { answer as answerOn, connectionScene, sceneLimits } from '../../../test/support/connection-scene.js';
import { eventually } from '../../../test/support/poll.js';

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`;
const post = (length: number, body = ''): string =>
  `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;
const chunked = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
const { headerTimeout, requestTimeout, keepAliveTimeout } = sceneLimits;

describe('a client that closes its side', () => {
  it('gets the answers to all that it has sent, and then the end', async () => {
    const { client, server, told, tells, answer, isClosed } = await connectionScene();
    client.send(get('/1') + get('/2'));
    client.half();
    await tells(1);
    await eventually(() => server.readableEnded);
    answer('one');
    await tells(3);
    answer('two');
    expect([(await client.response()).text, (await client.response()).text]).toEqual(['one', 'two']);
    expect(await client.closed()).toBe('end');
    await isClosed();
    expect(told).toEqual(['GET /1', 'whole', 'GET /2', 'whole']);
  });

  it('before it has sent anything is told nothing', async () => {
    const { client, told, isClosed } = await connectionScene();
    client.half();
    expect(await client.closed()).toBe('end');
    await isClosed();
    expect([client.received.length, told]).toEqual([0, []]);
  });

  it('has gone when nothing was written to it for a second', async () => {
    const { client, told, tells, isClosed } = await connectionScene();
    client.send(get('/'));
    client.half();
    await tells(1);
    await isClosed();
    expect([told, await client.closed()]).toEqual([['GET /', 'gone'], 'reset']);
  });

  it('gets an answer that goes on', async () => {
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const { client, server, tells, told } = await connectionScene();
    const seconds = (): (() => void)[] => timers.mock.calls.filter(([, time]) => time === 1_000).map(([late]) => late);
    client.send(get('/'));
    client.half();
    await tells(1);
    await eventually(() => seconds().length === 1);
    server.write('HTTP/1.1 200 OK\r\n\r\n');
    // The second is over.
    seconds()[0]!();
    expect([server.destroyed, told, seconds().length]).toEqual([false, ['GET /'], 2]);
    seconds()[1]!();
    timers.mockRestore();
    expect(server.destroyed).toBe(true);
  });

  it.each([
    ['a head', get('/').slice(0, 20), ['truncated between']],
    ['a body', post(10, 'some'), ['POST /', 'truncated within', 'whole']],
    ['a chunk', `${chunked}5\r\nsom`, ['POST /', 'truncated within', 'whole']],
  ])('within %s has sent no request', async (_what, bytes, expected) => {
    const { client, told, isClosed, gets } = await connectionScene();
    client.send(bytes);
    await gets(bytes.length);
    client.half();
    expect([(await client.response()).status, await client.closed()]).toEqual([200, 'end']);
    await isClosed();
    expect(told).toEqual(expected);
  });

  it.each([
    ['a head', get('/2').slice(0, 20), ['truncated between']],
    ['a body', post(10, 'some'), ['POST /', 'truncated within', 'whole']],
  ])('within %s that it has sent ahead has sent no request', async (_what, bytes, expected) => {
    const { client, server, told, tells, answer, isClosed } = await connectionScene();
    client.send(get('/1') + bytes);
    client.half();
    await tells(1);
    await eventually(() => server.readableEnded);
    answer();
    await isClosed();
    expect(told).toEqual(['GET /1', 'whole', ...expected]);
  });
});

describe('a message that cannot be read', () => {
  it('ends its connection, once, also where more comes behind it', async () => {
    const { client, server, told, gets, isClosed } = await connectionScene();
    client.send(`GET / HTTP/1.1\r\nno colon\r\n\r\n${get('/2')}`);
    expect([(await client.response()).text, await client.closed()]).toEqual(['refused', 'end']);
    client.send(get('/3'));
    await gets(server.bytesRead + 1);
    client.half();
    await isClosed();
    expect(told).toEqual(['malformed between']);
  });

  it('is told when the answers before it are written', async () => {
    const { client, told, tells, answer } = await connectionScene();
    client.send(`${get('/1')}BAD\r\n\r\n${get('/2')}`);
    await tells(1);
    expect(told).toEqual(['GET /1']);
    answer('one');
    expect([(await client.response()).text, (await client.response()).text]).toEqual(['one', 'refused']);
    expect(told).toEqual(['GET /1', 'whole', 'malformed between']);
  });

  it.each(['version', 'target-too-long', 'too-large'])('says what kind of trouble it is: %s', async kind => {
    const bytes: Record<string, string> = {
      version: 'GET / HTTP/2.0\r\n\r\n',
      'target-too-long': `GET /${'x'.repeat(20_000)}`,
      'too-large': `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}`,
    };
    const { client, told, tells } = await connectionScene();
    client.send(bytes[kind]!);
    await tells(1);
    expect(told).toEqual([`${kind} between`]);
  });

  it('in its body is told once, also when its client sends more and closes its side', async () => {
    const { client, server, told, isClosed } = await connectionScene({
      begin: (_message, { socket }) => socket.cork(),
    });
    client.send(`${chunked}ZZ\r\n${get('/2')}`);
    client.half();
    await eventually(() => server.readableEnded);
    server.uncork();
    expect((await client.response()).text).toBe('broken');
    await isClosed();
    expect(told).toEqual(['POST /', 'malformed within', 'whole']);
  });

  it('in the rest of a body whose request was answered leaves the answer as it is', async () => {
    const { client, told, isClosed } = await connectionScene({
      begin: (_message, connection) => answerOn(connection, 'early'),
    });
    client.send(`${chunked}ZZ\r\n${get('/2')}`);
    expect((await client.response()).text).toBe('early');
    expect(await client.closed()).toBe('end');
    client.half();
    await isClosed();
    expect(told).toEqual(['POST /', 'whole']);
  });

  it('for its unknown coding is a request without an end, and the last of its connection', async () => {
    const { sut, client, begun, told, tells, answer, gets, isClosed } = await connectionScene();
    const bytes = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n';
    client.send(bytes + get('/2'));
    await tells(1);
    client.send(get('/3'));
    await gets(bytes.length + 2 * get('/2').length);
    expect([begun[0]!.hasBody, begun[0]!.complete, sut.mayPersist]).toEqual([true, false, false]);
    answer('unknown');
    expect([(await client.response()).text, await client.closed()]).toEqual(['unknown', 'end']);
    client.send(get('/4'));
    client.half();
    await isClosed();
    expect(told).toEqual(['POST /', 'whole']);
  });
});

describe('the time of a connection', () => {
  it('for a head counts from its first byte, and its end is told once', async () => {
    const { client, told, sweepIn, gets } = await connectionScene();
    client.send('GET / HT');
    await gets(8);
    sweepIn(headerTimeout - 1_000);
    expect(told).toEqual([]);
    sweepIn(headerTimeout + 1);
    sweepIn(headerTimeout + 2);
    client.send('TP/1.1\r\n\r\n');
    expect([(await client.response()).text, await client.closed()]).toEqual(['refused', 'end']);
    expect(told).toEqual(['late-head between']);
  });

  it('in which nothing is said ends without a word; empty lines do not put it off', async () => {
    const { client, told, sweepIn, gets, isClosed, server } = await connectionScene({ age: headerTimeout - 2_000 });
    sweepIn(0);
    expect(server.destroyed).toBe(false);
    client.send('\r\n');
    await gets(2);
    sweepIn(2_100);
    await isClosed();
    expect([told, client.received.length]).toEqual([[], 0]);
  });

  it('for a request includes its body, and its end is told once', async () => {
    const { client, server, told, tells, sweepIn, gets } = await connectionScene({
      begin: (_message, { socket }) => socket.cork(),
    });
    const bytes = post(10, 'some');
    client.send(bytes);
    await tells(1);
    sweepIn(requestTimeout - 1_000);
    expect(told).toEqual(['POST /']);
    sweepIn(requestTimeout + 1);
    sweepIn(requestTimeout + 1_000);
    client.send('more..');
    await gets(bytes.length + 6);
    server.uncork();
    expect([(await client.response()).text, await client.closed()]).toEqual(['broken', 'end']);
    expect(told).toEqual(['POST /', 'late-body within', 'whole']);
  });

  it('is not measured while a request is answered', async () => {
    const { client, told, tells, sweepIn, server } = await connectionScene();
    client.send(post(4, 'some'));
    await tells(1);
    sweepIn(1_000_000);
    expect([server.destroyed, told]).toEqual([false, ['POST /']]);
  });

  it('between requests counts from the last answer, up to the first byte of the next', async () => {
    const { client, told, tells, sweepIn, gets, answer, server, isClosed } = await connectionScene({
      limits: { headerTimeout: 60_000 },
    });
    client.send(get('/1'));
    await tells(1);
    answer();
    await tells(2);
    client.send('GET /2');
    await gets(get('/1').length + 6);
    sweepIn(keepAliveTimeout + 1);
    expect(server.destroyed).toBe(false);
    client.send(' HTTP/1.1\r\nHost: x\r\n\r\n');
    await tells(3);
    answer();
    await tells(4);
    sweepIn(keepAliveTimeout - 1_000);
    expect(server.destroyed).toBe(false);
    sweepIn(keepAliveTimeout + 1);
    await isClosed();
    expect(told).toEqual(['GET /1', 'whole', 'GET /2', 'whole']);
  });

  it('has no end where it is not limited', async () => {
    const { client, told, tells, sweepIn, gets, answer, server } = await connectionScene({
      limits: { headerTimeout: 0, requestTimeout: 0, keepAliveTimeout: 0 },
    });
    const late = 1_000_000;
    const bytes = post(10, 'some');
    sweepIn(late);
    client.send(bytes.slice(0, 10));
    await gets(10);
    sweepIn(late);
    client.send(bytes.slice(10));
    await tells(1);
    sweepIn(late);
    client.send('more..');
    answer();
    client.send(get('/'));
    await tells(3);
    answer();
    await tells(4);
    sweepIn(late);
    expect([server.destroyed, told]).toEqual([false, ['POST /', 'whole', 'GET /', 'whole']]);
  });
});

describe('a request whose client goes away is over once', () => {
  it.each([
    ['before its first byte', '', []],
    ['within its head', 'GET / HTTP', []],
    ['within its body', post(10, 'some'), ['POST /', 'gone']],
    ['while it is answered', get('/'), ['GET /', 'gone']],
    ['while others wait behind it', get('/1') + get('/2'), ['GET /1', 'gone']],
  ])('%s', async (_when, bytes, expected) => {
    const { client, begun, told, gets, isClosed } = await connectionScene();
    client.send(bytes);
    await gets(bytes.length);
    let closes = 0;
    begun[0]?.on('close', () => void closes++);
    client.reset();
    await isClosed();
    expect([told, closes]).toEqual([expected, begun.length]);
  });

  it('with an answer of which not all was read', async () => {
    const { client, told, tells, answer, server, isClosed } = await connectionScene();
    client.pause();
    client.send(get('/'));
    await tells(1);
    answer('x'.repeat(16 * 1024 * 1024));
    expect(server.writableLength).toBeGreaterThan(0);
    client.reset();
    await isClosed();
    expect(told).toEqual(['GET /', 'gone']);
  });

  it('behind its answer, also where that was the last thing that its connection was for', async () => {
    const cut = await connectionScene({
      begin: (_message, connection) => {
        answerOn(connection);
        // As a listener does that is closed.
        setImmediate(() => connection.socket.destroy());
      },
    });
    cut.client.send(get('/'));
    await cut.isClosed();
    expect(cut.told).toEqual(['GET /', 'whole']);
    const kept = await connectionScene();
    kept.client.send(get('/'));
    await kept.tells(1);
    kept.answer();
    await kept.tells(2);
    kept.client.reset();
    await kept.isClosed();
    expect(kept.told).toEqual(['GET /', 'whole']);
  });

  it('whose connection is cut between the answer and its end', async () => {
    const { client, told, isClosed } = await connectionScene({
      begin: (_message, connection) => {
        connection.answering(true);
        process.nextTick(connection.written);
        connection.socket.destroy();
      },
    });
    client.send(get('/'));
    await isClosed();
    expect(told).toEqual(['GET /', 'whole']);
  });
});
