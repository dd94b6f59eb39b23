import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { clientBody, codeOf, settle } from '../../../test/support/body-scene.js';

describe('a body that an attempt reads', () => {
  it('is over for the attempt before when another opens it', async () => {
    const { arrive, finish, open } = clientBody();
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
    const { body, arrive, finish, open } = clientBody();
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
    const { arrive, finish, open } = clientBody();
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
    const { source, body, arrive, finish, open } = clientBody({ hold: 0 });
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
    const { source, body, arrive, finish, open } = clientBody();
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
    const { source, arrive, open } = clientBody({ length: '10' });
    const reading = open();
    await arrive('abc', 'def');
    source.destroy();
    await settle();
    expect([codeOf(reading), reading.length]).toEqual(['CLIENT_ABORTED', 0]);
  });

  it('is not touched by a release before anything was asked of it', async () => {
    const { source, body, arrive } = clientBody();
    body.release();
    await arrive('abc');
    expect([source.readableFlowing, body.bytes, body.open()]).toEqual([null, 0, undefined]);
  });

  it('is told to its watcher when the client has sent all of it, read or not', async () => {
    let told = 0;
    const { body, arrive, finish, open } = clientBody({ limit: 4 });
    body.watcher = { bodyEnded: () => told++ };
    open();
    await arrive('abc', 'def');
    expect(told).toBe(0);
    await finish();
    expect(told).toBe(1);
  });

  it('has no error for a client whose connection closes behind the end', async () => {
    const { source, arrive, finish, open } = clientBody();
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
