import { describe, expect, it } from 'vitest';
import { answering, type RequestOptions } from '../../../test/support/answering.js';
import type { RawClient } from '../../../test/support/raw-client.js';

/** This turn of the event loop is over. */
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

/** The field lines of the head that came last. */
const headOf = (client: RawClient): string[] => {
  const heads = client.received.toString('latin1').split('HTTP/1.1 ');
  return heads[heads.length - 1]!.split('\r\n\r\n')[0]!.split('\r\n');
};

describe('an answer to an HTTP/1.1 client', () => {
  it('goes out whole, with its fields, in one write, and the connection is kept', async () => {
    const { client, channel, responder, writes } = await answering();
    expect(responder.headSent).toBe(false);
    responder.send(404, ['X-One', '1', 'Content-Length', '2'], 'no');
    expect([responder.headSent, responder.length, writes()]).toEqual([true, 2, 1]);
    const answer = await client.response();
    expect([answer.status, answer.reason, answer.text, answer.header('x-one')]).toEqual([404, 'Not Found', 'no', '1']);
    await channel.over;
    expect(channel.told).toEqual(['answers, may go on', 'written']);
  });

  it('has characters beyond Latin-1 in UTF-8', async () => {
    const { client, responder } = await answering();
    responder.send(200, ['Content-Length', '5'], 'ä€');
    expect((await client.response()).text).toBe('ä€');
  });

  it('has its small body byte for byte in one write with the head', async () => {
    const { client, channel, responder, writes } = await answering();
    const body = Buffer.from([0, 0xff, 0x0d, 0x0a, 0xe4]);
    responder.head(200, 'OK', ['Content-Length', '5']);
    expect(responder.write(body)).toBe(true);
    responder.end();
    expect((await client.response()).body).toEqual(body);
    expect(writes()).toBe(1);
    await channel.over;
    expect(channel.told).toEqual(['answers, may go on', 'written']);
  });

  it('has the small pieces of its body in one write with the head where they come at once, chunked or not', async () => {
    for (const fields of [['Content-Length', '6'], []]) {
      const { client, responder, writes } = await answering();
      responder.head(200, 'OK', fields);
      responder.write(Buffer.from('abc'));
      responder.write(Buffer.from('d'));
      responder.write(Buffer.from('ef'));
      responder.end();
      expect((await client.response()).text).toBe('abcdef');
      expect(writes()).toBe(1);
    }
  });

  it('has its head once the turn is over where the body does not come with it', async () => {
    const { client, responder, writes } = await answering();
    responder.head(200, 'OK', ['Content-Length', '4']);
    expect([responder.headSent, writes()]).toEqual([true, 0]);
    await client.until('\r\n\r\n');
    responder.write(Buffer.from('late'));
    responder.end();
    expect((await client.response()).text).toBe('late');
  });

  it('has its head once the turn is over, also where it is one of several', async () => {
    const all = await Promise.all([answering(), answering(), answering()]);
    for (const { responder } of all) responder.head(200, 'OK', []);
    expect(all.map(({ writes }) => writes())).toEqual([0, 0, 0]);
    await turn();
    expect(all.map(({ writes }) => writes())).toEqual([1, 1, 1]);
    await Promise.all(all.map(({ client }) => client.until('\r\n\r\n')));
  });

  it('has its head at once where it is flushed, and only once', async () => {
    const { client, responder, writes } = await answering();
    responder.head(200, 'OK', []);
    responder.flush();
    expect(writes()).toBe(1);
    responder.flush();
    await turn();
    expect(writes()).toBe(1);
    responder.end();
    expect((await client.response()).text).toBe('');
    expect(client.received.toString().match(/HTTP\/1.1/g)).toHaveLength(1);
  });

  it('has the reason phrase of the backend, or the usual one where that cannot be written', async () => {
    const phrase = async (message: string): Promise<string> => {
      const { client, responder } = await answering();
      responder.head(404, message, ['Content-Length', '0']);
      responder.end();
      await client.response();
      return client.received.toString('latin1').split('\r\n')[0]!;
    };
    expect(await phrase('Nichts gefunden')).toBe('HTTP/1.1 404 Nichts gefunden');
    expect(await phrase('a\nb')).toBe('HTTP/1.1 404 Not Found');
    expect(await phrase('')).toBe('HTTP/1.1 404 Not Found');
  });

  it('has none of the fields that cannot be written', async () => {
    const { client, responder } = await answering();
    const fields = ['X-Bad', 'a\r\nb', 'X Bad', '1', 'X-Wide', '€', 'X-Good', 'é', 'Content-Length', '2'];
    responder.send(200, fields, 'ok');
    const { text } = await client.response();
    const names = headOf(client).map(line => line.split(':')[0]);
    expect(text).toBe('ok');
    expect(names).toEqual(['200 OK', 'X-Good', 'Content-Length', 'Date', 'Connection', 'Keep-Alive']);
  });

  it('has a date: that of its backend, or the time', async () => {
    const dates = async (fields: string[]): Promise<string[]> => {
      const { client, responder } = await answering();
      responder.head(200, 'OK', [...fields, 'Content-Length', '0']);
      responder.end();
      return (await client.response()).headerValues('date');
    };
    expect(await dates(['date', 'Sun, 06 Nov 1994 08:49:37 GMT'])).toEqual(['Sun, 06 Nov 1994 08:49:37 GMT']);
    const [date, ...others] = await dates([]);
    expect(others).toEqual([]);
    expect(date).toBe(new Date(date!).toUTCString());
    expect(Math.abs(Date.parse(date!) - Date.now())).toBeLessThan(10_000);
  });
});

describe('the connection of an answer', () => {
  it('is told to the client as it is kept', async () => {
    const { client, responder } = await answering();
    responder.send(200, ['Content-Length', '0'], '');
    const answer = await client.response();
    expect([answer.headerValues('connection'), answer.headerValues('keep-alive')]).toEqual([
      ...[['keep-alive'], ['timeout=5']],
    ]);
  });

  it('ends where it may carry no other request', async () => {
    const { client, channel, responder } = await answering({ mayPersist: false });
    responder.head(200, 'OK', ['Content-Length', '0']);
    responder.end();
    const answer = await client.response();
    expect([answer.header('connection'), answer.header('keep-alive'), channel.told[0]]).toEqual([
      ...['close', undefined, 'answers, ends'],
    ]);
  });

  it('ends while the listener drains', async () => {
    for (const isSent of [true, false]) {
      const { client, channel, responder } = await answering({ draining: true });
      if (isSent) responder.send(200, ['Content-Length', '2'], 'ok');
      else {
        responder.head(200, 'OK', ['Content-Length', '2']);
        responder.write(Buffer.from('ok'));
        responder.end();
      }
      const answer = await client.response();
      expect([answer.text, answer.header('connection'), channel.told[0]]).toEqual(['ok', 'close', 'answers, ends']);
    }
  });
});

describe('an interim answer', () => {
  it('passes before the head, and not after it', async () => {
    const { client, responder } = await answering();
    responder.informational(103, ['Link', '</a>']);
    responder.send(200, ['Content-Length', '0'], '');
    responder.informational(103, ['Link', '</b>']);
    await client.until('200 OK');
    expect(client.received.toString()).toMatch(/^HTTP\/1.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1.1 200 OK/);
    expect(client.received.toString()).not.toContain('</b>');
  });

  it('does not pass a head that waits', async () => {
    const { client, responder } = await answering();
    responder.head(200, 'OK', []);
    responder.informational(103, ['Link', '</b>']);
    responder.end();
    const { informational } = await client.response();
    expect([informational, client.rest.length]).toEqual([[], 0]);
  });

  it('has none of the fields that cannot be written', async () => {
    const { client, responder } = await answering();
    responder.informational(103, ['X-Bad', 'a\r\nb', 'Link', '</a>']);
    responder.send(200, ['Content-Length', '0'], '');
    const { informational } = await client.response();
    expect(informational).toEqual([{ status: 103, rawHeaders: ['Link', '</a>'] }]);
  });

  it('is kept from a client of HTTP/1.0', async () => {
    const { client, responder } = await answering({ minor: 0 });
    responder.informational(103, []);
    responder.send(200, ['Content-Length', '0'], '');
    await client.response();
    expect(client.received.toString()).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it('is left out while the client has much to read', async () => {
    const { client, responder, socket } = await answering();
    client.pause();
    const link = ['Link', `<${'a'.repeat(60_000)}>`];
    for (let i = 0; i < 1_000; i++) responder.informational(103, link);
    expect(socket.writableLength).toBeLessThan(128 * 1024);
    client.resume();
    responder.send(200, ['Content-Length', '0'], '');
    const { informational, status } = await client.response();
    expect([status, informational.length > 0, informational.length < 1_000]).toEqual([200, true, true]);
  });

  it('of 100 goes to a client that waits for it, once', async () => {
    const { client, responder } = await answering({ hasBody: true, expectsContinue: true });
    expect(responder.withholdsContinue).toBe(true);
    responder.informational(100, []);
    responder.informational(100, []);
    expect(responder.withholdsContinue).toBe(false);
    await client.until('HTTP/1.1 100 Continue\r\n\r\n');
    responder.send(200, ['Content-Length', '0'], '');
    await client.until('200 OK');
    expect(client.received.toString().match(/100 Continue/g)).toHaveLength(1);
  });

  it('of 100 goes to no client that does not wait for it', async () => {
    const { client, responder } = await answering();
    responder.informational(100, []);
    responder.send(200, ['Content-Length', '0'], '');
    await client.until('200 OK');
    expect(client.received.toString()).not.toContain('100 Continue');
  });
});

describe('an answer before the end of the request', () => {
  const length = (bytes: number): RequestOptions => ({
    method: 'POST',
    hasBody: true,
    fields: ['Content-Length', String(bytes)],
  });

  it.each([5, 65_536])('keeps the connection where the rest is small: %d bytes', async bytes => {
    const { client, channel, responder } = await answering(length(bytes));
    responder.send(403, ['Content-Length', '2'], 'no');
    const answer = await client.response();
    expect([answer.text, answer.header('connection'), channel.told[0]]).toEqual([
      ...['no', 'keep-alive', 'answers, may go on'],
    ]);
  });

  it.each([
    ['is large', length(65_537), 403],
    ['has no declared length', { hasBody: true, fields: ['Transfer-Encoding', 'chunked'] }, 403],
    ['is refused for its size', length(5), 413],
    ['came too slowly', length(5), 408],
    ['may never come, since the client waits for a 100', { ...length(5), expectsContinue: true }, 403],
  ])('ends the connection where the rest %s', async (_what, options, status) => {
    const { client, channel, responder } = await answering(options);
    responder.send(status, ['Content-Length', '2'], 'no');
    const answer = await client.response();
    expect([answer.text, answer.header('connection'), channel.told[0]]).toEqual(['no', 'close', 'answers, ends']);
  });

  it('ends the connection where the body is being read', async () => {
    const { client, message, responder } = await answering(length(5));
    message.resume();
    responder.send(403, ['Content-Length', '2'], 'no');
    expect((await client.response()).header('connection')).toBe('close');
  });

  it('ends the connection where a backend gives it', async () => {
    const { client, channel, responder } = await answering(length(5));
    responder.head(200, 'OK', ['Content-Length', '2']);
    responder.write(Buffer.from('ok'));
    responder.end();
    const answer = await client.response();
    expect([answer.text, answer.header('connection'), channel.told[0]]).toEqual(['ok', 'close', 'answers, ends']);
  });
});

describe('an answer that breaks', () => {
  it('never ends cleanly for a client that reads chunks, and what was written arrives', async () => {
    const { client, responder } = await answering();
    responder.head(200, 'OK', []);
    responder.write(Buffer.from('half'));
    responder.abort();
    const { clean, text } = await client.response();
    expect([clean, text]).toEqual([false, 'half']);
  });

  it('has also what waited behind what was written', async () => {
    const { client, responder } = await answering();
    responder.head(200, 'OK', []);
    responder.flush();
    for (const piece of ['a', 'b', 'c']) responder.write(Buffer.from(piece));
    responder.abort();
    const { clean, text } = await client.response();
    expect([clean, text]).toEqual([false, 'abc']);
  });

  it('has its head also where it breaks at once', async () => {
    const { client, responder } = await answering();
    responder.head(200, 'OK', ['Content-Length', '10']);
    responder.abort();
    const { status, clean } = await client.response();
    expect([status, clean]).toEqual([200, false]);
  });

  it('is too short for a client that knows the length', async () => {
    const { client, responder } = await answering();
    responder.head(200, 'OK', ['Content-Length', '10']);
    responder.write(Buffer.from('half'));
    responder.abort();
    expect([await client.closed(), client.received.toString().endsWith('half')]).toEqual(['end', true]);
  });

  it('is reset where the end of the connection would be its end', async () => {
    const { client, responder } = await answering({ minor: 0 });
    responder.head(200, 'OK', []);
    responder.write(Buffer.from('half'));
    responder.flush();
    await client.until('half');
    responder.abort();
    expect(await client.closed()).toBe('reset');
  });

  it('says nothing to a client that has gone', async () => {
    const { client, responder, socket } = await answering();
    const closed = new Promise(resolve => socket.resume().once('close', resolve));
    client.reset();
    await closed;
    expect(() => responder.abort()).not.toThrow();
    expect(responder.switchProtocols('websocket', [])).toBeUndefined();
  });
});

describe('an upgrade', () => {
  it('is answered with 101 and the fields of the backend, and gives the connection up', async () => {
    const { client, channel, responder, socket } = await answering();
    expect(responder.switchProtocols('websocket', ['Sec-WebSocket-Accept', 'x', 'X-Bad', 'a\nb'])).toBe(socket);
    expect([responder.headSent, channel.told]).toEqual([true, ['hands over']]);
    await client.until('\r\n\r\n');
    expect(client.received.toString()).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n',
    );
    socket.write('frame');
    await client.until('frame');
  });
});
