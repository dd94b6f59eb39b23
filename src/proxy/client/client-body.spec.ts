import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { cut, FakeMessage, Reading } from '../../../test/support/fake-message.js';
import { patternOf as pattern } from '../../../test/support/pattern.js';
import { ClientBody } from './client-body.js';
import { RequestBody, RequestBodyError } from './request-body.js';

const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);

function open(body: ClientBody): Reading {
  const opened = body.open();
  body.begin();
  if (!(opened instanceof RequestBody)) throw new Error('the body could not be opened as a stream');
  return new Reading(opened);
}

/** Lets everything happen that needs no more from outside; reads on meanwhile. */
async function settle(reading?: Reading): Promise<void> {
  for (let count = 0; count < 8; count++) {
    reading?.pull();
    await turn();
  }
}

const hold = 64 * 1024;

describe('the body of a client', () => {
  it('is the same for a second attempt, when the first has read a part of it', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), '6', 0, hold);
    const first = open(body);
    source.arrive(Buffer.from('abc'));
    await settle(first);
    expect(first.bytes.toString()).toBe('abc');
    first.stream.destroy();
    const second = open(body);
    source.arrive(Buffer.from('def'));
    source.finish();
    await settle(second);
    expect([second.bytes.toString(), second.ended]).toEqual(['abcdef', true]);
  });

  it('is the same for a second attempt, when the first could not begin to read it', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), '6', 0, hold);
    open(body).stream.destroy();
    await turn();
    const second = open(body);
    source.arrive(Buffer.from('abcdef'));
    source.finish();
    await settle(second);
    expect([second.bytes.toString(), second.ended]).toEqual(['abcdef', true]);
  });

  it('cannot be opened again once more than is kept was read', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), undefined, 0, 5);
    const first = open(body);
    source.arrive(Buffer.from('abcde'));
    await settle(first);
    expect(body.replayable).toBe(true);
    source.arrive(Buffer.from('f'));
    await settle(first);
    expect(body.replayable).toBe(false);
    first.stream.destroy();
    expect(body.open()).toBeUndefined();
  });

  it('can be opened again where nothing of it was read, even if no byte may be kept', () => {
    const body = new ClientBody(new FakeMessage().asMessage(), '100', 0, 0);
    open(body);
    open(body);
    expect(body.replayable).toBe(true);
  });

  it('is one buffer when all of it came with the head', async () => {
    const source = new FakeMessage();
    source.arrive(Buffer.from('abcdef'));
    source.finish();
    const body = new ClientBody(source.asMessage(), '6', 0, hold);
    expect(body.isSmall).toBe(true);
    body.takeWhole();
    expect(body.open()?.toString()).toBe('abcdef');
    expect(body.open()?.toString()).toBe('abcdef');
    await settle();
    expect([body.bytes, body.completeAt > 0, source.readableEnded]).toEqual([6, true, true]);
  });

  it('is a stream from its beginning when only a part of it came with the head', async () => {
    const source = new FakeMessage();
    source.arrive(Buffer.from('abc'));
    const body = new ClientBody(source.asMessage(), '6', 0, hold);
    body.takeWhole();
    const first = open(body);
    await settle(first);
    first.stream.destroy();
    const second = open(body);
    source.arrive(Buffer.from('def'));
    source.finish();
    await settle(second);
    expect([second.bytes.toString(), second.ended]).toEqual(['abcdef', true]);
  });

  it('is not small when its length is unknown or large', () => {
    const lengths = [undefined, '65537', '65536', '1'];
    const small = lengths.map(length => new ClientBody(new FakeMessage().asMessage(), length, 0, hold).isSmall);
    expect(small).toEqual([false, false, true, true]);
  });

  it('is not kept beyond what may be kept, when it came with the head', () => {
    const source = new FakeMessage();
    source.arrive(Buffer.from('abcdef'));
    source.finish();
    const body = new ClientBody(source.asMessage(), '6', 0, 5);
    body.takeWhole();
    body.open();
    body.begin();
    expect(body.replayable).toBe(false);
  });

  it('is let go when no attempt will follow, and flows on to the one that reads it', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), undefined, 0, hold);
    const reading = open(body);
    source.arrive(Buffer.from('abc'));
    await settle(reading);
    body.release();
    expect(body.replayable).toBe(false);
    source.arrive(Buffer.from('def'));
    source.finish();
    await settle(reading);
    expect([reading.bytes.toString(), reading.ended]).toEqual(['abcdef', true]);
  });

  it('is thrown away, so that the client can finish, when it was released and no attempt reads it', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), undefined, 0, hold);
    const reading = open(body);
    source.arrive(pattern(1000));
    await settle(reading);
    reading.stream.destroy();
    source.arrive(pattern(1000));
    await settle();
    body.release();
    for (let number = 0; number < 100; number++) source.arrive(pattern(10_000));
    source.finish();
    await settle();
    expect([source.isEmpty(), source.readableEnded]).toEqual([true, true]);
  });

  it('is not read while no attempt reads it, beyond a chunk', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), undefined, 0, 1024 * 1024);
    const reading = open(body);
    source.arrive(pattern(10));
    await settle(reading);
    reading.stream.destroy();
    for (let number = 0; number < 20; number++) source.arrive(pattern(100));
    await settle();
    expect(body.bytes).toBeLessThanOrEqual(110);
  });

  it('waits for a slow reader', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), undefined, 0, 0);
    const reading = open(body);
    reading.pull();
    for (let number = 0; number < 50; number++) {
      source.arrive(pattern(16 * 1024));
      await turn();
    }
    // What fills the stream of the reader, and a chunk.
    expect(body.bytes).toBeLessThanOrEqual(80 * 1024);
    source.finish();
    for (let count = 0; count < 100 && !reading.ended; count++) await settle(reading);
    expect([reading.length, reading.ended]).toEqual([50 * 16 * 1024, true]);
  });

  it('says when its last byte had come', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), undefined, 0, hold);
    const reading = open(body);
    source.arrive(Buffer.from('abc'));
    await settle(reading);
    expect(body.completeAt).toBe(0);
    const before = performance.now();
    source.finish();
    await settle(reading);
    expect(body.completeAt).toBeGreaterThanOrEqual(before);
  });
});

describe('a body that does not come to its end', () => {
  it('fails for its reader when it has one byte too many, and not before', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), undefined, 10, hold);
    const reading = open(body);
    source.arrive(pattern(10));
    await settle(reading);
    expect([reading.length, reading.error]).toEqual([10, undefined]);
    source.arrive(pattern(1));
    await settle(reading);
    expect((reading.error as RequestBodyError).gatewayError.code).toBe('BODY_TOO_LARGE');
    expect([reading.length, body.replayable]).toEqual([10, false]);
  });

  it('fails for the next attempt too, and lets the client finish', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), undefined, 10, hold);
    const first = open(body);
    source.arrive(pattern(11));
    await settle(first);
    const second = open(body);
    await settle(second);
    expect((second.error as RequestBodyError).gatewayError.code).toBe('BODY_TOO_LARGE');
    for (let number = 0; number < 10; number++) source.arrive(pattern(100_000));
    source.finish();
    await settle();
    expect([source.isEmpty(), source.readableEnded]).toEqual([true, true]);
  });

  it('fails for its reader as an abort when the client goes away', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), '10', 0, hold);
    const reading = open(body);
    source.arrive(pattern(5));
    await settle(reading);
    source.destroy();
    await settle(reading);
    expect((reading.error as RequestBodyError).gatewayError.code).toBe('CLIENT_ABORTED');
  });

  it('fails for an attempt that is opened after the client went away', async () => {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), '10', 0, hold);
    const first = open(body);
    source.arrive(pattern(5));
    await settle(first);
    first.stream.destroy();
    source.destroy();
    await settle();
    const second = open(body);
    await settle(second);
    expect((second.error as RequestBodyError).gatewayError.code).toBe('CLIENT_ABORTED');
  });
});

describe('a copy of a body', () => {
  /** Sends a body in such chunks and gives the copies that were made of it. */
  async function copies(sizes: readonly number[], limit: number, maxBody = 0): Promise<(number | undefined)[]> {
    const source = new FakeMessage();
    const body = new ClientBody(source.asMessage(), undefined, maxBody, 0);
    const told: (number | undefined)[] = [];
    body.keepCopy(limit, copy => told.push(copy?.length));
    for (const chunk of cut(pattern(total(sizes)), sizes)) source.arrive(chunk);
    source.finish();
    await settle(open(body));
    return told;
  }

  it('is given once, at the end, where the body is small enough', async () => {
    expect(await copies([3, 4, 5], 12)).toEqual([12]);
    expect(await copies([3, 4, 5], 11)).toEqual([undefined]);
    expect(await copies([11, 4, 5], 3)).toEqual([undefined]);
  });

  it('is not made of a body that was too large', async () => {
    expect(await copies([4, 4, 4], 100, 6)).toEqual([undefined]);
  });
});
