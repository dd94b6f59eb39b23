import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TicketSecret } from './ticket-secret.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const [some, others] = ['some', 'others'].map(terms => Buffer.from(terms));
const hour = 3_600_000;

describe('the keys of session tickets', () => {
  it('are the same for all who have the secret, and others for other terms', () => {
    const [one, two] = [new TicketSecret({ role: 'main' }), new TicketSecret({ role: 'worker' })];
    expect(one.keysFor(some!)).not.toEqual(two.keysFor(some!));
    two.replace(one.current);
    expect(one.keysFor(some!)).toEqual(two.keysFor(some!));
    expect(one.keysFor(some!)).not.toEqual(one.keysFor(others!));
    expect(one.keysFor(some!)).toHaveLength(48);
  });

  it('are replaced each hour, as long as anyone asks to hear of it', () => {
    const sut = new TicketSecret();
    const keys = [sut.keysFor(some!)];
    const stop = sut.onReplaced(() => void keys.push(sut.keysFor(some!)));
    vi.advanceTimersByTime(2 * hour);
    expect(new Set(keys.map(each => each.toString('hex'))).size).toBe(3);
    stop();
    vi.advanceTimersByTime(hour);
    expect(keys).toHaveLength(3);
    sut.onApplicationShutdown();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('are replaced in a worker by the main thread alone', () => {
    const sut = new TicketSecret({ role: 'worker' });
    const before = sut.current;
    vi.advanceTimersByTime(hour);
    expect(sut.current).toBe(before);
  });
});
