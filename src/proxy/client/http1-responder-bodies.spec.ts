import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { answering } from '../../../test/support/answering.js';

/** This turn of the event loop is over. */
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('the body of an answer', () => {
  it('comes in chunks, with trailer fields, where the length is not declared', async () => {
    const { client, responder } = await answering();
    responder.head(200, 'OK', ['Trailer', 'x-sum']);
    responder.write(Buffer.from('abc'));
    responder.end(['x-sum', '1', 'x-bad', 'a\nb']);
    const answer = await client.response();
    expect([answer.text, answer.header('trailer'), answer.rawTrailers]).toEqual(['abc', 'x-sum', ['x-sum', '1']]);
    expect(answer.header('transfer-encoding')).toBe('chunked');
  });

  it('has its trailer fields also behind what was written before', async () => {
    const { client, responder } = await answering();
    responder.head(200, 'OK', []);
    responder.flush();
    for (const piece of ['abc', 'd', 'e']) responder.write(Buffer.from(piece));
    responder.end(['x-sum', '1']);
    const answer = await client.response();
    expect([answer.text, answer.rawTrailers, answer.ending]).toEqual(['abcde', ['x-sum', '1'], 'chunked']);
  });

  it('does not end with an empty piece', async () => {
    const { client, responder } = await answering();
    responder.head(200, 'OK', []);
    for (const piece of ['', 'abc', '']) responder.write(Buffer.from(piece));
    responder.flush();
    for (const piece of ['', 'def', '']) responder.write(Buffer.from(piece));
    responder.end();
    const answer = await client.response();
    expect([answer.text, answer.ending, client.rest.length]).toEqual(['abcdef', 'chunked', 0]);
  });

  it('is whole in chunks where an answer of the gateway has no length', async () => {
    for (const body of ['', 'abc']) {
      const { client, responder } = await answering();
      responder.send(205, [], body);
      const answer = await client.response();
      expect([answer.text, answer.ending, client.rest.length]).toEqual([body, 'chunked', 0]);
    }
  });

  it('announces no trailer fields that cannot follow', async () => {
    const { client, responder } = await answering();
    responder.head(200, 'OK', ['Trailer', 'x-sum', 'Content-Length', '3']);
    responder.write(Buffer.from('abc'));
    responder.end(['x-sum', '1']);
    const answer = await client.response();
    expect([answer.text, answer.header('trailer'), client.rest.length]).toEqual(['abc', undefined, 0]);
  });

  it.each([
    ['to HEAD', { method: 'HEAD' }, 200],
    ['of 204', {}, 204],
    ['of 304', {}, 304],
  ])('is none in an answer %s, also where one is given', async (_what, options, status) => {
    const method = 'method' in options ? options.method : 'GET';
    const one = await answering(options);
    one.responder.head(status, '', ['ETag', '"a"', 'Trailer', 'x-sum']);
    expect(one.responder.write(Buffer.from('abc'))).toBe(true);
    one.responder.end(['x-sum', '1']);
    const answer = await one.client.response({ method });
    const { client, channel, responder } = await answering(options);
    responder.send(status, ['ETag', '"a"'], 'abc');
    const sent = await client.response({ method });
    await Promise.all([channel.over, one.channel.over]);
    for (const got of [sent, answer]) {
      expect([got.status, got.header('etag'), got.header('trailer'), got.header('transfer-encoding')]).toEqual([
        ...[status, '"a"', undefined, undefined],
      ]);
    }
    expect([client.rest.length, one.client.rest.length]).toEqual([0, 0]);
    expect(channel.told).toEqual(['answers, may go on', 'written']);
  });

  it('keeps its length in an answer to HEAD', async () => {
    const { client, responder } = await answering({ method: 'HEAD' });
    responder.head(200, 'OK', ['Content-Length', '100']);
    responder.end();
    const answer = await client.response({ method: 'HEAD' });
    expect([answer.header('content-length'), answer.header('connection'), responder.length]).toEqual([
      ...['100', 'keep-alive', 100],
    ]);
  });

  it('ends with the connection of a client of HTTP/1.0 where the length is not declared', async () => {
    const { client, channel, responder, socket } = await answering({ minor: 0 });
    responder.head(200, 'OK', ['Trailer', 'x-sum']);
    responder.write(Buffer.from('abc'));
    responder.end(['x-sum', '1']);
    await channel.over;
    expect(channel.told).toEqual(['answers, ends', 'written']);
    socket.end();
    const answer = await client.response();
    expect([answer.text, answer.ending, answer.header('transfer-encoding')]).toEqual(['abc', 'close', undefined]);
    expect([answer.header('trailer'), answer.header('connection')]).toEqual([undefined, 'close']);
  });

  it('of a declared length leaves the connection of a client of HTTP/1.0 as it is', async () => {
    const { client, channel, responder } = await answering({ minor: 0 });
    responder.head(200, 'OK', ['Content-Length', '3']);
    responder.write(Buffer.from('abc'));
    responder.end();
    const answer = await client.response();
    expect([answer.text, answer.header('connection')]).toEqual(['abc', 'keep-alive']);
    expect(channel.told[0]).toBe('answers, may go on');
  });
});

describe('a body that comes in pieces', () => {
  it('has every byte of a large body behind its head', async () => {
    const body = Buffer.alloc(300_000, 'abcdefghijk');
    for (const fields of [['Content-Length', String(body.length)], []]) {
      const { client, channel, responder } = await answering();
      responder.head(200, 'OK', fields);
      let sent = 0;
      for (const size of [1, 20_000, 10, 79_989, 200_000]) responder.write(body.subarray(sent, (sent += size)));
      responder.end();
      expect((await client.response()).body.equals(body)).toBe(true);
      await channel.over;
    }
  });

  it('does not wait for the end of the turn with more than 16 KiB of small pieces', async () => {
    const { client, responder, writes } = await answering();
    responder.head(200, 'OK', []);
    for (let i = 0; i < 16; i++) responder.write(Buffer.alloc(1_000, 'a'));
    expect(writes()).toBe(0);
    responder.write(Buffer.alloc(1_000, 'a'));
    expect(writes()).toBe(1);
    responder.end();
    expect((await client.response()).text).toBe('a'.repeat(17_000));
  });

  it('is over when the system has taken all of it, also where nothing is left to write', async () => {
    const { client, channel, responder } = await answering();
    responder.head(200, 'OK', ['Content-Length', '3']);
    responder.flush();
    responder.write(Buffer.from('abc'));
    expect((await client.response()).text).toBe('abc');
    responder.end();
    expect(channel.told).toEqual(['answers, may go on', 'written']);
    await channel.over;
  });

  it('is not over while the client does not read what waits', async () => {
    const { client, channel, responder, socket } = await answering();
    client.pause();
    const body = Buffer.alloc(16 * 1024 * 1024);
    responder.head(200, 'OK', ['Content-Length', String(body.length)]);
    responder.write(body);
    responder.end();
    await turn();
    expect([socket.writableLength > 0, channel.told]).toEqual([true, ['answers, may go on']]);
    client.resume();
    await channel.over;
    expect(socket.writableLength).toBe(0);
  });

  it('tells the backend to stop while its client does not read, and to go on when it does', async () => {
    const { client, responder, socket } = await answering();
    client.pause();
    responder.head(200, 'OK', []);
    const drained = once(socket, 'drain');
    let written = 0;
    while (responder.write(Buffer.alloc(64 * 1024))) written++;
    expect(socket.writableNeedDrain).toBe(true);
    client.resume();
    await drained;
    expect(written).toBeLessThan(1_000);
    responder.end();
    expect((await client.response()).clean).toBe(true);
  });

  it('tells it to stop also where the pieces are small', async () => {
    const { client, responder, socket } = await answering();
    client.pause();
    responder.head(200, 'OK', []);
    responder.flush();
    let written = 0;
    while (responder.write(Buffer.alloc(250))) written++;
    expect([socket.writableNeedDrain, written < 1_000_000]).toEqual([true, true]);
    client.resume();
    await once(socket, 'drain');
    responder.end();
    expect((await client.response()).body.length).toBe(250 * (written + 1));
  });
});
