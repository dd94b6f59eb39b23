import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Transition } from '../config/live/transition.js';
import { buildConfig } from '../config/loading/load-config.js';
import type { Duration } from '../config/typed/gateway-config-input.js';
import { Overload } from './overload.js';

const configOf = (eventLoopDelay: Duration) => buildConfig({ routes: [{ respond: {} }], overload: { eventLoopDelay } });

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** Whether a request is too much that comes behind a stall of so many milliseconds in which no timer is called. */
const behindStall = (sut: Overload, milliseconds: number): boolean => sut.isOver(performance.now() + milliseconds);

describe('an overload', () => {
  it('is a delay of the event loop beyond the limit', () => {
    const sut = new Overload(configOf('100ms'));
    sut.watch();
    vi.advanceTimersByTime(500);
    expect([behindStall(sut, 0), behindStall(sut, 90), behindStall(sut, 150)]).toEqual([false, false, true]);
    sut.unwatch();
  });

  it('is never found, nor looked for, where the limit is off', () => {
    const sut = new Overload(configOf('0s'));
    sut.watch();
    expect([vi.getTimerCount(), behindStall(sut, 1e9)]).toEqual([0, false]);
  });

  it('is looked for only between the start and the end', () => {
    const sut = new Overload(configOf('100ms'));
    expect([vi.getTimerCount(), behindStall(sut, 1e9)]).toEqual([0, false]);
    sut.watch();
    expect(vi.getTimerCount()).toBe(1);
    sut.unwatch();
    expect([vi.getTimerCount(), behindStall(sut, 1e9)]).toEqual([0, false]);
  });

  it('is measured by the limit of the configuration in force, from the transition on', () => {
    const sut = new Overload(configOf('0s'));
    sut.watch();
    const change = (from: Duration, to: Duration): void => {
      const transition = new Transition(configOf(from), configOf(to));
      const before = [vi.getTimerCount(), behindStall(sut, 300)];
      sut.prepare(transition);
      expect([vi.getTimerCount(), behindStall(sut, 300)]).toEqual(before);
      transition.commit();
    };
    change('0s', '100ms');
    expect([vi.getTimerCount(), behindStall(sut, 300)]).toEqual([1, true]);
    change('100ms', '500ms');
    expect([vi.getTimerCount(), behindStall(sut, 300), behindStall(sut, 600)]).toEqual([1, false, true]);
    change('500ms', '0s');
    expect([vi.getTimerCount(), behindStall(sut, 600)]).toEqual([0, false]);
  });

  it('is not looked for by a change before the start', () => {
    const sut = new Overload(configOf('0s'));
    const transition = new Transition(configOf('0s'), configOf('100ms'));
    sut.prepare(transition);
    transition.commit();
    expect(vi.getTimerCount()).toBe(0);
    sut.watch();
    expect(vi.getTimerCount()).toBe(1);
    sut.unwatch();
  });
});
