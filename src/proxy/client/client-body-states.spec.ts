import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { clientBody, codeOf, settle, type BodyOptions } from '../../../test/support/body-scene.js';
import { Reading } from '../../../test/support/fake-message.js';
import type { RequestBody } from './request-body.js';

describe('a body that is gathered', () => {
  it('is one buffer at its end, and every attempt gets it', async () => {
    const { body, told, gather, arrive, finish } = clientBody();
    gather();
    await arrive('abc');
    await arrive('def');
    expect([told, body.isComing, body.awaited]).toEqual([[], true, true]);
    await finish();
    expect([told, String(body.whole), body.isComing, body.awaited]).toEqual([[undefined], 'abcdef', false, false]);
    expect([String(body.open()), String(body.open())]).toEqual(['abcdef', 'abcdef']);
  });

  it('is told of at once when it has ended, or failed, before', async () => {
    const ended = clientBody();
    ended.show();
    await ended.arrive('abc');
    ended.body.gather(() => {});
    await ended.finish();
    ended.gather();
    expect([ended.told, String(ended.body.whole)]).toEqual([['shown', undefined], 'abc']);

    const failed = clientBody();
    failed.show();
    failed.source.destroy();
    await settle();
    failed.gather();
    expect(failed.told).toEqual(['shown', 'CLIENT_ABORTED']);
  });

  it('fails once when the client goes away, and nothing is kept', async () => {
    const { source, body, told, gather, arrive } = clientBody({ length: '10' });
    gather();
    await arrive('abc');
    source.destroy();
    await settle();
    expect([told, body.whole, body.replayable, body.awaited]).toEqual([['CLIENT_ABORTED'], undefined, false, false]);
  });

  it('fails once when it is too large, also if its client goes on to the end', async () => {
    const { source, body, told, gather, arrive, finish } = clientBody({ limit: 4 });
    gather();
    await arrive('abc', 'def');
    expect([told, body.ended]).toEqual([['BODY_TOO_LARGE'], false]);
    await arrive('ghi');
    await finish();
    expect([told, body.whole, body.ended, source.readableEnded]).toEqual([['BODY_TOO_LARGE'], undefined, true, true]);
  });

  it('fails for an attempt that opens it later, as soon as that reads, also after its end', async () => {
    const { body, gather, arrive, finish } = clientBody({ limit: 4 });
    gather();
    await arrive('abcdef');
    await finish();
    const opened = body.open() as RequestBody;
    const reading = new Reading(opened);
    await settle();
    expect(codeOf(reading)).toBeUndefined();
    reading.pull();
    await settle();
    expect(codeOf(reading)).toBe('BODY_TOO_LARGE');
  });

  it('is no longer told of, and is thrown away, once it was released', async () => {
    const { source, body, told, gather, arrive, finish } = clientBody();
    gather();
    await arrive('abc');
    body.release();
    await arrive('def');
    await finish();
    expect([told, body.whole, body.open(), source.readableEnded]).toEqual([[], undefined, undefined, true]);
  });

  it('is not gathered while an attempt reads it', async () => {
    const { told, gather, arrive, finish, open } = clientBody();
    const reading = open();
    gather();
    await arrive('abc');
    reading.pull();
    await finish();
    reading.pull();
    expect([told, reading.bytes.toString()]).toEqual([[], 'abc']);
  });
});

describe('a body of which it has to show whether there is any', () => {
  it('shows with its first piece, which is kept, and is read no further', async () => {
    const { source, body, told, show, arrive, finish, open } = clientBody();
    show();
    expect(body.awaited).toBe(true);
    await arrive('abc');
    expect([told, body.awaited, body.isEmpty, source.isPaused()]).toEqual([['shown'], false, false, true]);
    const reading = open();
    await arrive('def');
    await finish();
    while (!reading.ended) {
      reading.pull();
      await turn();
    }
    expect([reading.bytes.toString(), told]).toEqual(['abcdef', ['shown']]);
  });

  it('shows with its end when there is none', async () => {
    const { body, told, show, finish } = clientBody();
    show();
    await finish();
    expect([told, body.isEmpty, body.ended]).toEqual([['shown'], true, true]);
  });

  it('shows when its client goes away', async () => {
    const { source, told, show } = clientBody();
    show();
    source.destroy();
    await settle();
    expect(told).toEqual(['shown']);
  });

  it('does not show any more when an attempt has opened it meanwhile', async () => {
    const { told, show, arrive, finish, open } = clientBody();
    show();
    const reading = open();
    await arrive('abc');
    reading.pull();
    await finish();
    expect([told, reading.bytes.toString()]).toEqual([[], 'abc']);
  });

  it('is copied from its first piece on, though that has come before the copy was asked for', async () => {
    const copies: (string | undefined)[] = [];
    const { body, show, arrive, finish, open } = clientBody();
    show();
    await arrive('abc');
    body.keepCopy(10, copy => copies.push(copy?.toString()));
    const reading = open();
    await arrive('def');
    reading.pull();
    await finish();
    expect(copies).toEqual(['abcdef']);
    body.keepCopy(10, copy => copies.push(copy?.toString()));
    expect(copies).toEqual(['abcdef', 'abcdef']);
    body.release();
    body.keepCopy(10, copy => copies.push(copy?.toString()));
    expect(copies).toEqual(['abcdef', 'abcdef', undefined]);
  });
});

describe('a body that came whole with its head', () => {
  async function whole(options: BodyOptions = {}) {
    const scene = clientBody({ length: '6', ...options });
    scene.source.arrive(Buffer.from('abcdef'));
    scene.source.finish();
    scene.body.takeWhole();
    return scene;
  }

  it('is not coming any more, though its end is still to be told', async () => {
    const { body } = await whole();
    expect([body.isComing, body.ended, body.awaited, body.bytes]).toEqual([false, false, false, 6]);
    await settle();
    expect([body.isComing, body.ended]).toEqual([false, true]);
  });

  it('is taken once', async () => {
    const { body } = await whole();
    body.takeWhole();
    await settle();
    body.takeWhole();
    expect([body.bytes, String(body.whole)]).toEqual([6, 'abcdef']);
  });

  it('is gone when it was released, also for what was not opened yet', async () => {
    const { body } = await whole();
    body.release();
    expect([body.whole, body.open(), body.isGone, body.isComing]).toEqual([undefined, undefined, true, false]);
  });

  it('is too large by one byte', async () => {
    const { body, gather, told } = await whole({ limit: 5 });
    gather();
    await settle();
    expect([told, body.whole]).toEqual([['BODY_TOO_LARGE'], undefined]);
  });

  it('is copied', async () => {
    const copies: (string | undefined)[] = [];
    const { source, body } = clientBody({ length: '6' });
    body.keepCopy(10, copy => copies.push(copy?.toString()));
    source.arrive(Buffer.from('abcdef'));
    source.finish();
    body.takeWhole();
    await settle();
    expect(copies).toEqual(['abcdef']);
  });
});
