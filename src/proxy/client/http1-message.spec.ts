import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Http1Message } from './http1-message.js';

interface Options {
  readonly fields?: string[];
  readonly minor?: number;
}

/** A message whose parts come when the test says so, and what becomes of it: what it tells, and what it asks of its connection. */
function received({ fields = [], minor = 1 }: Options = {}) {
  const asked: string[] = [];
  const flow = { resumeBody: () => asked.push('resume') };
  const message = new Http1Message('POST', '/', fields, minor, true, {} as Socket, flow);
  const told: string[] = [];
  message
    .on('data', chunk => told.push(String(chunk)))
    .on('end', () => told.push('end'))
    .on('close', () => told.push('close'));
  const come = (text: string): boolean => message.take(Buffer.from(text));
  return { message, told, asked, come };
}

/** Lets what was put off to the next tick happen. */
const tick = (): Promise<void> => new Promise(resolve => process.nextTick(resolve));

describe('a request of HTTP/1.x, as a message', () => {
  it('has its version and its fields, as they came and joined by their names', () => {
    const { message } = received({ fields: ['Host', 'a', 'X-One', '1', 'x-one', '2'] });
    expect(message.httpVersion).toBe('1.1');
    expect(message.rawHeaders).toEqual(['Host', 'a', 'X-One', '1', 'x-one', '2']);
    expect({ ...message.headers }).toEqual({ host: 'a', 'x-one': '1, 2' });
    expect(message.headers).toBe(message.headers);
    expect(received({ minor: 0 }).message.httpVersion).toBe('1.0');
  });

  it('passes nothing on before that is asked for, and wants no more to be read when 64 KiB wait', async () => {
    const { message, told, come } = received();
    expect([message.readableFlowing, come('a'), come('b')]).toEqual([null, true, true]);
    expect([come('x'.repeat(64 * 1024 - 3)), come('c'), come('d')]).toEqual([true, false, false]);
    message.end([]);
    await tick();
    expect([told, message.complete, message.readableFlowing]).toEqual([[], true, null]);
  });

  it('gives what has come at once where that is asked for, in one piece', () => {
    const { message, told, come } = received();
    expect(message.read()).toBeNull();
    come('ab');
    come('c');
    expect([String(message.read()), message.read(), told]).toEqual(['abc', null, []]);
    come('d');
    expect(String(message.read())).toBe('d');
  });

  it('passes on what waits in the next tick, and asks for more', async () => {
    const { message, told, asked, come } = received();
    come('ab');
    message.resume();
    expect([told, message.readableFlowing]).toEqual([[], true]);
    await tick();
    expect([told, asked]).toEqual([['ab'], ['resume']]);
  });

  it('passes on in their order what waits and what comes before the next tick', async () => {
    const { message, told, come } = received();
    come('a');
    message.resume();
    expect(come('b')).toBe(true);
    await tick();
    expect(come('c')).toBe(true);
    expect(told.join('')).toBe('abc');
  });

  it('joins small pieces that wait, and keeps every byte of large ones', async () => {
    const { message, told, come } = received();
    const large = 'x'.repeat(5_000);
    for (const piece of ['a', 'b', 'c', large, 'd', 'e']) come(piece);
    message.resume();
    await tick();
    expect(told).toEqual(['abc', large, 'de']);
  });

  it('passes on at once, uncopied, what comes while it is read', async () => {
    const { message } = received();
    const chunks: Buffer[] = [];
    message.on('data', chunk => chunks.push(chunk));
    message.resume();
    await tick();
    const piece = Buffer.from('abc');
    expect(message.take(piece)).toBe(true);
    expect(chunks[0]).toBe(piece);
  });

  it('asks its connection once for more', async () => {
    const { message, asked } = received();
    message.resume();
    message.resume();
    await tick();
    message.resume();
    await tick();
    expect(asked).toEqual(['resume']);
    message.pause();
    expect([asked, message.readableFlowing]).toEqual([['resume'], false]);
  });

  it('passes nothing on while it is paused, and goes on where it was', async () => {
    const { message, told, come } = received();
    message.resume();
    await tick();
    come('a');
    message.pause();
    expect(come('b')).toBe(true);
    message.end([]);
    await tick();
    expect(told).toEqual(['a']);
    message.resume();
    await tick();
    expect(told).toEqual(['a', 'b', 'end']);
  });

  it('may be paused by what takes a piece: the rest waits', async () => {
    const { message, told, come } = received();
    const large = 'x'.repeat(5_000);
    message.on('data', chunk => {
      told.push(`${chunk.length}`);
      message.pause();
    });
    come('ab');
    come(large);
    message.resume();
    await tick();
    expect(told).toEqual(['2']);
    message.resume();
    await tick();
    expect(told).toEqual(['2', '5000']);
    message.resume();
    await tick();
    expect(come('c')).toBe(true);
    expect(told).toEqual(['2', '5000', '1']);
  });

  it('passes nothing on where it was paused again before the next tick', async () => {
    const { message, told, asked, come } = received();
    come('a');
    message.resume();
    message.pause();
    await tick();
    expect([told, asked]).toEqual([[], []]);
    message.resume();
    await tick();
    expect(told).toEqual(['a']);
  });

  it('passes each piece on once, and asks once for more, where it is paused and resumed within a tick', async () => {
    const { message, told, asked, come } = received();
    come('a');
    message.resume();
    message.pause();
    message.resume();
    await tick();
    await tick();
    expect([told, asked]).toEqual([['a'], ['resume']]);
  });
});

describe('the end of a message', () => {
  it('is told behind the last piece, once, with the trailer fields there', async () => {
    const { message, told, come } = received();
    let trailers: readonly string[] = [];
    message.on('end', () => {
      told.push('end');
      trailers = message.rawTrailers;
    });
    message.resume();
    await tick();
    come('a');
    expect(message.complete).toBe(false);
    message.end(['X-Sum', '1']);
    expect([told, message.complete, trailers]).toEqual([['a', 'end'], true, ['X-Sum', '1']]);
    message.pause();
    message.resume();
    await tick();
    expect(told).toEqual(['a', 'end']);
  });

  it('that has come before is told once the message is read, and no more is asked for', async () => {
    const { message, told, asked, come } = received();
    come('a');
    message.end([]);
    expect(String(message.read())).toBe('a');
    message.resume();
    expect(told).toEqual([]);
    await tick();
    expect([told, asked]).toEqual([['end'], []]);
  });

  it('is told behind what comes before the next tick', async () => {
    const { message, told, come } = received();
    message.resume();
    come('a');
    message.end([]);
    expect(told).toEqual([]);
    await tick();
    expect(told).toEqual(['a', 'end']);
  });
});

describe('a message whose connection is gone', () => {
  it('is closed once, without its end, and nothing of it is passed on any more', async () => {
    const { message, told, asked, come } = received();
    come('a');
    message.close();
    message.close();
    expect([message.destroyed, message.complete, told, message.read()]).toEqual([true, false, ['close'], null]);
    message.resume();
    await tick();
    expect([told, asked]).toEqual([['close'], []]);
  });

  it('passes nothing on that it was about to', async () => {
    const { message, told, come } = received();
    come('a');
    message.end([]);
    message.resume();
    message.close();
    await tick();
    expect(told).toEqual(['close']);
  });

  it('is closed by what takes a piece: nothing follows that', async () => {
    const { message, told, come } = received();
    message.on('data', chunk => {
      told.push(`${chunk.length}`);
      message.close();
    });
    come('ab');
    come('x'.repeat(5_000));
    message.resume();
    await tick();
    expect(told).toEqual(['2', 'close']);
  });

  it('is closed also behind its end', async () => {
    const { message, told } = received();
    message.resume();
    await tick();
    message.end([]);
    message.close();
    expect(told).toEqual(['end', 'close']);
  });
});
