import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answering, ok, sendTo } from '../../../test/support/carried-scene.js';
import { upload } from '../../../test/support/forwarding.js';
import { eventually } from '../../../test/support/poll.js';

beforeEach(() => vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));
afterEach(() => vi.useRealTimers());

/** Lets time pass, and the event loop go round, in which what has come is read. */
async function pass(milliseconds: number): Promise<void> {
  vi.advanceTimersByTime(milliseconds);
  await turn();
  await turn();
}

const half = answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');

describe('an attempt has so much time', () => {
  it('until its connection stands', async () => {
    // It is used by another one.
    const { observer, scene } = await sendTo(answering(''));
    await eventually(() => expect(observer.told).toEqual(['sent']));
    const second = scene.send({ connectTimeout: 200 });
    await pass(199);
    expect(second.observer.told).toEqual([]);
    await pass(2);
    expect(second.observer.error).toMatchObject({ code: 'CONNECT_TIMEOUT', reason: 'no connection in 200 ms' });
    expect([second.attempt.slot, scene.figures]).toEqual([-1, [1, 0, 0]]);
  });

  it('until the head comes, from when the request was sent', async () => {
    const { observer, backend, scene } = await sendTo(answering(''), { connectTimeout: 100, responseTimeout: 200 });
    await eventually(() => expect(observer.told).toEqual(['sent']));
    await pass(199);
    expect(observer.told).toEqual(['sent']);
    await pass(2);
    expect(observer.error).toMatchObject({ code: 'HEAD_TIMEOUT', reason: 'no response head in 200 ms' });
    expect([observer.stale, scene.figures]).toEqual([false, [0, 0, 0]]);
    await backend.connections[0]!.closed;
  });

  it('until the head comes, however many interim responses come before', async () => {
    const interim = 'HTTP/1.1 102 Processing\r\n\r\n';
    const { observer, backend } = await sendTo(answering(interim), { responseTimeout: 200 });
    await eventually(() => expect(observer.told).toEqual(['sent', 102]));
    await pass(150);
    backend.connections[0]!.respond(interim);
    await eventually(() => expect(observer.told).toEqual(['sent', 102, 102]));
    await pass(52);
    expect(observer.told.at(-1)).toBe('HEAD_TIMEOUT');
  });

  it('for the head, once all of the body was sent', async () => {
    const { body, source } = upload();
    const { observer, backend } = await sendTo(answering(''), {
      method: 'POST',
      body,
      connectTimeout: 100,
      responseTimeout: 200,
    });
    await (await backend.connection()).head();
    await pass(1_000);
    source.finish();
    await backend.connections[0]!.until('0\r\n\r\n');
    expect(observer.told).toEqual(['sent']);
    await pass(201);
    expect(observer.told).toEqual(['sent', 'HEAD_TIMEOUT']);
  });

  it('for each piece of the body anew', async () => {
    const { observer, backend } = await sendTo(half, { responseTimeout: 100, idleTimeout: 200 });
    await eventually(() => observer.body === 'half');
    await pass(150);
    backend.connections[0]!.respond('+');
    await eventually(() => observer.body === 'half+');
    await pass(199);
    expect(observer.told).toEqual(['sent', 200]);
    await pass(2);
    expect(observer.error).toMatchObject({ code: 'BODY_BROKEN', reason: 'timeouts.idle: nothing for 200 ms' });
  });

  it('for the first piece of the body, too', async () => {
    const { observer } = await sendTo(answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'), { idleTimeout: 200 });
    await eventually(() => observer.told.includes(200));
    await pass(201);
    expect(observer.told).toEqual(['sent', 200, 'BODY_BROKEN']);
  });

  it('without that in which the client does not read', async () => {
    const { observer, attempt, backend } = await sendTo(half, { idleTimeout: 200 });
    observer.wantsMore = false;
    await eventually(() => observer.body === 'half');
    attempt.setIdleTimeout(100);
    await pass(1_000);
    expect(observer.told).toEqual(['sent', 200]);
    attempt.resume();
    await pass(99);
    expect(observer.told).toEqual(['sent', 200]);
    observer.wantsMore = true;
    backend.connections[0]!.respond('whole');
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
  });

  it('again, when the client reads', async () => {
    const { observer, attempt } = await sendTo(half, { idleTimeout: 200 });
    observer.wantsMore = false;
    await eventually(() => observer.body === 'half');
    attempt.resume();
    await pass(150);
    attempt.setIdleTimeout(200);
    await pass(199);
    expect(observer.told).toEqual(['sent', 200]);
    await pass(2);
    expect(observer.told).toEqual(['sent', 200, 'BODY_BROKEN']);
  });

  it('as is set while the body comes, or before', async () => {
    const { observer, attempt } = await sendTo(half);
    attempt.setIdleTimeout(300);
    await eventually(() => observer.body === 'half');
    await pass(201);
    expect(observer.told).toEqual(['sent', 200]);
    attempt.setIdleTimeout(50);
    await pass(51);
    expect(observer.told).toEqual(['sent', 200, 'BODY_BROKEN']);
  });

  it('for its head as it takes, also where a time is set for its body', async () => {
    const { observer, attempt } = await sendTo(answering(''));
    await eventually(() => expect(observer.told).toEqual(['sent']));
    attempt.setIdleTimeout(100);
    await pass(1_000);
    expect(observer.told).toEqual(['sent']);
  });

  it('for its body as it takes, where the head has come before the end of the request', async () => {
    const { body, source } = upload();
    const { observer, backend } = await sendTo(half, { method: 'POST', body, responseTimeout: 200 });
    await eventually(() => observer.body === 'half');
    source.finish();
    await backend.connections[0]!.until('0\r\n\r\n');
    await pass(1_000);
    expect(observer.told).toEqual(['sent', 200]);
  });

  it('as it takes, without limits, and is watched no more behind its end', async () => {
    const { observer, attempt, backend } = await sendTo(half);
    await eventually(() => observer.body === 'half');
    await pass(10_000);
    backend.connections[0]!.respond('whole');
    expect(await observer.over()).toEqual(['sent', 200, 'end']);
    await pass(1_000);
    expect([observer.told, attempt.slot]).toEqual([['sent', 200, 'end'], -1]);
  });
});

it('a used connection that ends a second after the request was sent was not ending before', async () => {
  for (const [after, stale] of [
    [999, true],
    [1_000, false],
  ] as const) {
    const { observer, backend, scene } = await sendTo(answering(ok));
    await observer.over();
    const second = scene.send();
    await backend.connections[0]!.head(2);
    await pass(after);
    backend.connections[0]!.end();
    expect(await second.observer.over()).toEqual(['sent', 'RESET']);
    expect(second.observer.stale).toBe(stale);
  }
});
