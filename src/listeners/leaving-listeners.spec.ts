import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectRaw, type RawClient } from '../../test/support/client.js';
import { listenerWith } from '../../test/support/listener-scene.js';
import { eventually } from '../../test/support/poll.js';
import type { ListenerInfo } from '../proxy/client/listener-info.js';
import { LeavingListeners } from './leaving-listeners.js';
import type { Listener } from './listener.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Listeners whose requests get no answer. */
function leaving() {
  const goodbyes: (string | undefined)[] = [];
  const sut = new LeavingListeners({
    drain: (listener?: ListenerInfo) => void goodbyes.push(`${listener?.name}, ${listener?.draining}`),
  });
  const asked = async (name: string): Promise<{ listener: Listener; client: RawClient }> => {
    let isAsked = false;
    const { sut: listener } = listenerWith({ name }, () => void (isAsked = true));
    await listener.listen();
    const client = await connectRaw(listener.port!);
    client.send('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise<void>(resolve => {
      const look = (): void => (isAsked ? resolve() : void setImmediate(look));
      look();
    });
    return { listener, client };
  };
  return { sut, goodbyes, asked };
}

/** Waits for what comes over sockets: timers are in the hands of the test. */
async function turns(isTrue: () => boolean): Promise<void> {
  vi.useRealTimers();
  await eventually(isTrue);
}

describe('a listener that leaves', () => {
  it('is gone at once when it has no connections', async () => {
    const { sut } = leaving();
    const { sut: listener } = listenerWith();
    await listener.listen();
    sut.add(listener, undefined);
    expect([[...sut], listener.draining]).toEqual([[], true]);
  });

  it('has no time of its own when it was given none: what is in flight may last', async () => {
    const { sut, goodbyes, asked } = leaving();
    const { listener, client } = await asked('a');
    sut.add(listener, undefined);
    vi.advanceTimersByTime(1_000_000_000);
    expect([[...sut], goodbyes, client.state]).toEqual([[listener], [], 'open']);
    client.close();
    await turns(() => [...sut].length === 0);
  });

  it('has what is left say goodbye after its time, and then cuts it', async () => {
    const { sut, goodbyes, asked } = leaving();
    const { listener, client } = await asked('a');
    const { listener: other } = await asked('b');
    sut.add(listener, 10_000);
    sut.add(other, 20_000);
    vi.advanceTimersByTime(9_999);
    expect(goodbyes).toEqual([]);
    vi.advanceTimersByTime(1);
    expect([goodbyes, listener.connections]).toEqual([['a, true'], 1]);
    vi.advanceTimersByTime(6_000);
    await turns(() => client.state !== 'open' && [...sut].length === 1);
    expect([...sut]).toEqual([other]);
  });

  it('is left to the gateway when that shuts down', async () => {
    const { sut, goodbyes, asked } = leaving();
    const { listener, client } = await asked('a');
    sut.add(listener, 10_000);
    sut.halt();
    vi.advanceTimersByTime(100_000);
    expect([goodbyes, client.state, [...sut]]).toEqual([[], 'open', [listener]]);
  });
});
