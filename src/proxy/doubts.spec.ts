import { describe, expect, it, vi } from 'vitest';
import { fail, testCircuits } from '../circuit-breaker/testing.js';
import type { ErrorCode } from '../http/gateway-error.js';
import { Doubts } from './doubts.js';

/** Circuits that open with the first hard failure, and an exchange of which attempts on them end. */
function setup() {
  const { breakers, backends } = testCircuits({ volumeThreshold: 1 }, 3);
  const doubts = new Doubts();
  const ends = (at: number, code: ErrorCode = 'RESET'): void =>
    doubts.add(code, backends[at]!, breakers[at]!, breakers[at]!.tryEnter());
  return { doubts, ends, states: () => breakers.map(({ state }) => state) };
}

describe('an exchange of which an attempt is reset', () => {
  it('is the fault of the backend once another has answered it, and not before', () => {
    const { doubts, ends, states } = setup();
    ends(0);
    expect(states()).toEqual(['closed', 'closed', 'closed']);
    doubts.blame();
    expect(states()).toEqual(['open', 'closed', 'closed']);
  });

  it('is no fault of any backend when another one resets it too, however many there are', () => {
    const { doubts, ends, states } = setup();
    for (const at of [0, 1, 2]) ends(at);
    doubts.blame();
    expect(states()).toEqual(['closed', 'closed', 'closed']);
  });

  it.each(['RESET', 'HEAD_TIMEOUT'] as const)('counts once for one backend, however often that is asked (%s)', code => {
    const { breaker, backend } = testCircuits({ volumeThreshold: 2 });
    const doubts = new Doubts();
    for (let attempt = 0; attempt < 3; attempt++) doubts.add(code, backend, breaker, breaker.tryEnter());
    doubts.blame();
    doubts.blame();
    expect(breaker.state).toBe('closed');
    fail(breaker, 1, 'hard');
    expect(breaker.state).toBe('open');
  });

  it('is the fault of the backend when the next attempt ends in another way', () => {
    const { doubts, ends, states } = setup();
    ends(0);
    ends(1, 'HEAD_TIMEOUT');
    expect(states()).toEqual(['open', 'closed', 'closed']);
    doubts.blame();
    expect(states()).toEqual(['open', 'open', 'closed']);
  });

  it('frees the place of a trial when it is no fault of the backend', () => {
    vi.useFakeTimers();
    const { breakers, backends, config } = testCircuits({}, 2);
    fail(breakers[0]!, 20, 'hard');
    vi.advanceTimersByTime(config.openFor);
    const doubts = new Doubts();
    doubts.add('RESET', backends[0]!, breakers[0]!, breakers[0]!.tryEnter());
    expect([...backends[0]!.vetoes]).toEqual(['circuit-open']);
    doubts.add('RESET', backends[1]!, breakers[1]!, breakers[1]!.tryEnter());
    expect([breakers[0]!.state, backends[0]!.vetoes.size]).toEqual(['half-open', 0]);
    vi.useRealTimers();
  });
});
