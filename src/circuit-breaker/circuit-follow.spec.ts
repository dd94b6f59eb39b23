import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CircuitEvent } from './circuit-events.js';
import type { Circuit } from './circuit.js';
import { fail, succeed, testCircuits } from './testing.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const opened = { from: 'closed', to: 'open', reason: '20 of 20 requests failed', openFor: 15_000 } as const;
const closed = { from: 'half-open', to: 'closed', reason: 'the trial succeeded' } as const;

/** The circuit of a thread, and what it tells. */
function thread() {
  const { breaker, backend, factory } = testCircuits();
  const told: CircuitEvent[] = [];
  factory.events.stream.subscribe(event => void told.push(event));
  return { circuit: breaker as Circuit, backend, told };
}

describe('a circuit that follows another thread', () => {
  it('opens for as long as the other, and keeps requests from the backend', () => {
    const { circuit, backend } = thread();
    circuit.follow({ ...opened, openFor: 7_000 });
    expect([circuit.state, circuit.retryIn, circuit.tryEnter()]).toEqual(['open', 7_000, 0]);
    expect([...backend.vetoes]).toEqual(['circuit-open']);
    vi.advanceTimersByTime(6_999);
    expect(circuit.state).toBe('open');
    vi.advanceTimersByTime(1);
    expect([circuit.state, backend.vetoes.size]).toEqual(['half-open', 0]);
  });

  it('makes a trial of its own, and opens for its own time when that fails', () => {
    const { circuit } = thread();
    circuit.follow({ ...opened, openFor: 7_000 });
    vi.advanceTimersByTime(7_000);
    fail(circuit);
    expect([circuit.state, circuit.retryIn]).toEqual(['open', 15_000]);
  });

  it('closes with the other while its own trial is under way, which decides nothing any more', () => {
    const { circuit, backend } = thread();
    circuit.follow(opened);
    vi.advanceTimersByTime(15_000);
    const trial = circuit.tryEnter();
    circuit.follow(closed);
    circuit.settle(trial, 'failure', 'hard');
    expect([circuit.state, backend.vetoes.size]).toEqual(['closed', 0]);
    succeed(circuit);
    expect(circuit.totals.failures).toBe(0);
  });

  it('opens with the other while its own trial is under way', () => {
    const { circuit } = thread();
    circuit.follow(opened);
    vi.advanceTimersByTime(15_000);
    const trial = circuit.tryEnter();
    circuit.follow({ ...opened, from: 'half-open' });
    circuit.settle(trial, 'success');
    expect(circuit.state).toBe('open');
  });

  it('is held open when the other is, until that is closed', () => {
    const { circuit } = thread();
    circuit.follow({ ...opened, reason: 'by hand', openFor: Infinity });
    vi.advanceTimersByTime(3_600_000);
    expect([circuit.state, circuit.retryIn]).toEqual(['open', Infinity]);
    circuit.follow({ from: 'open', to: 'closed', reason: 'by hand' });
    expect(circuit.state).toBe('closed');
    fail(circuit, 20);
    vi.advanceTimersByTime(15_000);
    expect(circuit.state).toBe('half-open');
  });

  it('forgets what has failed before it closed', () => {
    const { circuit } = thread();
    fail(circuit, 19);
    circuit.follow(opened);
    circuit.follow(closed);
    fail(circuit);
    expect(circuit.state).toBe('closed');
  });

  it('says that it follows, so that a change is logged and counted once; what it decides itself is its own', () => {
    const { circuit, told } = thread();
    circuit.follow(opened);
    circuit.follow(opened);
    vi.advanceTimersByTime(15_000);
    circuit.follow({ ...opened, to: 'half-open', from: 'open' });
    fail(circuit);
    circuit.follow(closed);
    fail(circuit, 20);
    expect(told.map(({ to, isFollowed = false }) => [to, isFollowed])).toEqual([
      ['open', true],
      ['half-open', true],
      ['open', false],
      ['closed', true],
      ['open', false],
    ]);
  });
});
