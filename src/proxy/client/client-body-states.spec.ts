import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { FakeMessage, Reading } from '../../../test/support/fake-message.js';
import { ClientBody } from './client-body.js';
import { RequestBody, type RequestBodyError } from './request-body.js';

const hold = 64 * 1024;

interface Options {
  readonly length?: string;
  readonly limit?: number;
  readonly hold?: number;
}

function setup(options: Options = {}) {
  const source = new FakeMessage();
  const body = new ClientBody(source.asMessage(), options.length, options.limit ?? 0, options.hold ?? hold);
  const told: (string | undefined)[] = [];
  return {
    source,
    body,
    /** Codes of the errors that the callbacks got; undefined for none. */
    told,
    gather: () => body.gather(error => told.push(error?.code)),
    show: () => body.whenShown(() => told.push('shown')),
    arrive: async (...pieces: string[]) => {
      for (const piece of pieces) source.arrive(Buffer.from(piece));
      await settle();
    },
    finish: async () => {
      source.finish();
      await settle();
    },
    open: (): Reading => {
      const opened = body.open();
      if (!(opened instanceof RequestBody)) throw new Error('the body could not be opened as a stream');
      body.begin();
      return new Reading(opened);
    },
  };
}

async function settle(): Promise<void> {
  for (let count = 0; count < 6; count++) await turn();
}

const codeOf = (reading: Reading): string | undefined =>
  (reading.error as RequestBodyError | undefined)?.gatewayError.code;

describe('a body that is gathered', () => {
  it('is one buffer at its end, and every attempt gets it', async () => {
    const { body, told, gather, arrive, finish } = setup();
    gather();
    await arrive('abc');
    await arrive('def');
    expect([told, body.isComing, body.awaited]).toEqual([[], true, true]);
    await finish();
    expect([told, String(body.whole), body.isComing, body.awaited]).toEqual([[undefined], 'abcdef', false, false]);
    expect([String(body.open()), String(body.open())]).toEqual(['abcdef', 'abcdef']);
  });

  it('is told of at once when it has ended, or failed, before', async () => {
    const ended = setup();
    ended.show();
    await ended.arrive('abc');
    ended.body.gather(() => {});
    await ended.finish();
    ended.gather();
    expect([ended.told, String(ended.body.whole)]).toEqual([['shown', undefined], 'abc']);

    const failed = setup();
    failed.show();
    failed.source.destroy();
    await settle();
    failed.gather();
    expect(failed.told).toEqual(['shown', 'CLIENT_ABORTED']);
  });

  it('fails once when the client goes away, and nothing is kept', async () => {
    const { source, body, told, gather, arrive } = setup({ length: '10' });
    gather();
    await arrive('abc');
    source.destroy();
    await settle();
    expect([told, body.whole, body.replayable, body.awaited]).toEqual([['CLIENT_ABORTED'], undefined, false, false]);
  });

  it('fails once when it is too large, also if its client goes on to the end', async () => {
    const { source, body, told, gather, arrive, finish } = setup({ limit: 4 });
    gather();
    await arrive('abc', 'def');
    expect([told, body.ended]).toEqual([['BODY_TOO_LARGE'], false]);
    await arrive('ghi');
    await finish();
    expect([told, body.whole, body.ended, source.readableEnded]).toEqual([['BODY_TOO_LARGE'], undefined, true, true]);
  });

  it('is told to nobody, and is thrown away, once it was released', async () => {
    const { source, body, told, gather, arrive, finish } = setup();
    gather();
    await arrive('abc');
    body.release();
    await arrive('def');
    await finish();
    expect([told, body.whole, body.open(), source.readableEnded]).toEqual([[], undefined, undefined, true]);
  });

  it('is not gathered while an attempt reads it', async () => {
    const { told, gather, arrive, finish, open } = setup();
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
    const { source, body, told, show, arrive, finish, open } = setup();
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
    const { body, told, show, finish } = setup();
    show();
    await finish();
    expect([told, body.isEmpty, body.ended]).toEqual([['shown'], true, true]);
  });

  it('shows when its client goes away', async () => {
    const { source, told, show } = setup();
    show();
    source.destroy();
    await settle();
    expect(told).toEqual(['shown']);
  });

  it('does not show any more when an attempt has opened it meanwhile', async () => {
    const { told, show, arrive, finish, open } = setup();
    show();
    const reading = open();
    await arrive('abc');
    reading.pull();
    await finish();
    expect([told, reading.bytes.toString()]).toEqual([[], 'abc']);
  });

  it('is copied from its first piece on, though that has come before the copy was asked for', async () => {
    const copies: (string | undefined)[] = [];
    const { body, show, arrive, finish, open } = setup();
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
  async function whole(options: Options = {}) {
    const scene = setup({ length: '6', ...options });
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
    const { source, body } = setup({ length: '6' });
    body.keepCopy(10, copy => copies.push(copy?.toString()));
    source.arrive(Buffer.from('abcdef'));
    source.finish();
    body.takeWhole();
    await settle();
    expect(copies).toEqual(['abcdef']);
  });
});

describe('a body that an attempt reads', () => {
  it('is over for the attempt before when another opens it', async () => {
    const { arrive, finish, open } = setup();
    const first = open();
    await arrive('abc');
    first.pull();
    const second = open();
    expect(first.stream.destroyed).toBe(true);
    await arrive('def');
    first.pull();
    second.pull();
    await settle();
    second.pull();
    await finish();
    expect([first.bytes.toString(), second.bytes.toString()]).toEqual(['abc', 'abcdef']);
  });

  it('is opened from its beginning after its end', async () => {
    const { body, arrive, finish, open } = setup();
    const first = open();
    await arrive('abc');
    first.pull();
    await finish();
    first.pull();
    await settle();
    expect([first.ended, body.replayable]).toEqual([true, true]);
    const second = open();
    for (let count = 0; count < 4; count++) {
      second.pull();
      await turn();
    }
    expect([second.bytes.toString(), second.ended]).toEqual(['abc', true]);
  });

  it('ends for an attempt that did not read when it ended', async () => {
    const { arrive, finish, open } = setup();
    const reading = open();
    await arrive('abc', 'def');
    await finish();
    expect(reading.ended).toBe(false);
    for (let count = 0; count < 4; count++) {
      reading.pull();
      await turn();
    }
    expect([reading.bytes.toString(), reading.ended]).toEqual(['abcdef', true]);
  });

  it('is thrown away when its attempt has left it and it cannot be sent again', async () => {
    const { source, body, arrive, finish, open } = setup({ hold: 0 });
    const reading = open();
    await arrive('abc');
    reading.pull();
    reading.stream.destroy();
    await arrive('def');
    await arrive('ghi');
    await finish();
    expect([body.open(), body.bytes, source.readableEnded]).toEqual([undefined, 9, true]);
  });

  it('goes on to the attempt that reads it after it was released, and is thrown away behind it', async () => {
    const { source, body, arrive, finish, open } = setup();
    const reading = open();
    body.release();
    await arrive('abc');
    reading.pull();
    expect(reading.bytes.toString()).toBe('abc');
    reading.stream.destroy();
    await arrive('def');
    await finish();
    expect([body.open(), source.readableEnded, codeOf(reading)]).toEqual([undefined, true, undefined]);
  });

  it('breaks for the attempt also if that does not read', async () => {
    const { source, arrive, open } = setup({ length: '10' });
    const reading = open();
    await arrive('abc', 'def');
    source.destroy();
    await settle();
    expect([codeOf(reading), reading.length]).toEqual(['CLIENT_ABORTED', 0]);
  });

  it('is not touched by a release before anything was asked of it', async () => {
    const { source, body, arrive } = setup();
    body.release();
    await arrive('abc');
    expect([source.readableFlowing, body.bytes, body.open()]).toEqual([null, 0, undefined]);
  });

  it('is told to its watcher when the client has sent all of it, read or not', async () => {
    let told = 0;
    const { body, arrive, finish, open } = setup({ limit: 4 });
    body.watcher = { bodyEnded: () => told++ };
    open();
    await arrive('abc', 'def');
    expect(told).toBe(0);
    await finish();
    expect(told).toBe(1);
  });

  it('has no error for a client whose connection closes behind the end', async () => {
    const { source, arrive, finish, open } = setup();
    const reading = open();
    await arrive('abc');
    reading.pull();
    await finish();
    source.destroy();
    await settle();
    reading.pull();
    await settle();
    expect([codeOf(reading), reading.ended]).toEqual([undefined, true]);
  });
});
