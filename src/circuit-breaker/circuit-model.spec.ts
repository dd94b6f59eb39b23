import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CircuitBreakerConfig } from '../config/file/circuit-breaker.config.js';
import type { Outcome } from '../upstream/backend.js';
import type { CircuitState, FailureKind, Ticket } from './circuit-breaker.js';
import { testCircuits } from './testing.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Settled {
  readonly slice: number;
  readonly failed: boolean;
  readonly hard: boolean;
}

/** The simplest description of a circuit: it remembers every request and counts them all again for each decision. */
class Model {
  state: CircuitState = 'closed';
  /** A trial keeps others out. */
  isTrialUnderWay = false;
  /** When the last trial began. */
  #trialAt = 0;
  /** The trials under way. */
  #trials = new Set<object>();
  isHeld = false;
  /** A new object each time when entries made before may no longer decide. */
  period = {};
  #settled: Settled[] = [];
  #hardInARow = 0;
  #openedAt = 0;

  constructor(
    readonly config: CircuitBreakerConfig,
    readonly siblings: readonly Model[],
  ) {}

  enter(now: number): object | undefined {
    if (this.state === 'closed') return this.period;
    if (this.state === 'open' || this.isTrialUnderWay) return undefined;
    this.isTrialUnderWay = true;
    this.#trialAt = now;
    const trial = {};
    this.#trials.add(trial);
    return trial;
  }

  settle(period: object, outcome: Outcome, kind: FailureKind, now: number): void {
    if (period !== this.period && !this.#trials.delete(period)) return;
    if (outcome === 'ignored') {
      if (this.state === 'half-open' && this.#trials.size === 0) this.isTrialUnderWay = false;
      return;
    }
    const failed = outcome === 'failure';
    this.#settled.push({ slice: this.#slice(now), failed, hard: failed && kind === 'hard' });
    if (this.state === 'half-open') {
      const closes = !failed || (kind === 'soft' && this.#isLast);
      this.go(closes ? 'closed' : 'open', now);
      if (closes) this.#settled = [];
      return;
    }
    if (!failed) this.#hardInARow = 0;
    else if (kind === 'hard') this.#hardInARow++;
    if (failed && (this.#isOverThreshold(now) || this.#hardInARow >= this.config.volumeThreshold)) this.go('open', now);
  }

  pass(now: number): void {
    const { openFor } = this.config;
    if (this.isTrialUnderWay && now >= this.#trialAt + openFor) this.isTrialUnderWay = false;
    if (this.state === 'open' && !this.isHeld && now >= this.#openedAt + openFor) this.go('half-open', now);
  }

  hand(deed: 'open' | 'close' | 'reset', now: number): void {
    this.isHeld = deed === 'open';
    const to = deed === 'open' ? 'open' : 'closed';
    if (to !== this.state || deed === 'reset') this.go(to, now);
    if (deed === 'reset') this.#settled = [];
  }

  go(to: CircuitState, now: number): void {
    this.state = to;
    this.isTrialUnderWay = false;
    this.#trials.clear();
    this.period = {};
    this.#hardInARow = 0;
    if (to === 'open') this.#openedAt = now;
  }

  #isOverThreshold(now: number): boolean {
    const window = this.#settled.filter(({ slice }) => this.#slice(now) - slice < 10);
    const failures = window.filter(({ failed }) => failed).length;
    const hard = window.filter(each => each.hard).length;
    const { errorThreshold, volumeThreshold, maxOpen } = this.config;
    if (window.length < volumeThreshold || failures < errorThreshold * window.length) return false;
    const isOut = this.siblings.filter(({ state }) => state !== 'closed').length;
    return (
      (hard > 0 && hard >= errorThreshold * window.length) ||
      (isOut < Math.max(1, Math.floor(maxOpen * this.siblings.length)) && !this.#isLast)
    );
  }

  /** No other circuit is closed, and neither `maxOpen` nor a fallback lets soft failures open this one. */
  get #isLast(): boolean {
    if (this.config.maxOpen === 1) return false;
    return !this.siblings.some(other => other !== this && other.state === 'closed');
  }

  #slice(now: number): number {
    return Math.floor(now / (this.config.window / 10));
  }
}

const at = fc.nat({ max: 3 });
const kind = fc.constantFrom<FailureKind>('hard', 'soft');
const outcome = fc.constantFrom<Outcome>('success', 'success', 'failure', 'failure', 'ignored');
const times = fc.integer({ min: 1, max: 6 });
const deed = fc.constantFrom('open', 'close', 'reset');
const ms = fc.constantFrom(1, 99, 100, 250, 499, 500, 1_500);
const steps = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: fc.constant('enter' as const), at }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('settle' as const), entry: fc.nat(), outcome, kind }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('burst' as const), at, times, outcome, kind }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('by hand' as const), at, deed }) },
  ),
  { maxLength: 120, size: 'max' },
);
const settings = fc.record({
  backends: fc.integer({ min: 1, max: 4 }),
  errorThreshold: fc.constantFrom(0.25, 0.5, 0.75, 1),
  volumeThreshold: fc.constantFrom(1, 2, 4),
  maxOpen: fc.constantFrom(0, 0.5, 1),
});

/** Circuits of one upstream beside their models; every action is applied to both. */
class Pair {
  readonly #start = performance.now();
  readonly #circuits;
  readonly #models: Model[] = [];
  #pending: { readonly at: number; readonly ticket: Ticket; readonly period: object }[] = [];

  constructor({ backends, ...changes }: { readonly backends: number } & Partial<CircuitBreakerConfig>) {
    this.#circuits = testCircuits({ window: 1_000, openFor: 500, ...changes }, backends, false);
    for (let n = 0; n < backends; n++) this.#models.push(new Model(this.#circuits.config, this.#models));
  }

  get events(): readonly string[] {
    return this.#circuits.events;
  }

  enter(at: number): void {
    const n = at % this.#models.length;
    const period = this.#models[n]!.enter(this.#now);
    const ticket = this.#circuits.breakers[n]!.tryEnter();
    expect(ticket > 0).toBe(period !== undefined);
    if (period !== undefined) this.#pending.push({ at: n, ticket, period });
  }

  settle(entry: number, outcome: Outcome, kind: FailureKind): void {
    const [settled] = this.#pending.splice(entry % Math.max(1, this.#pending.length), 1);
    if (settled === undefined) return;
    this.#models[settled.at]!.settle(settled.period, outcome, kind, this.#now);
    this.#circuits.breakers[settled.at]!.settle(settled.ticket, outcome, kind);
  }

  burst(at: number, times: number, outcome: Outcome, kind: FailureKind): void {
    for (let n = 0; n < times; n++) {
      const before = this.#pending.length;
      this.enter(at);
      if (this.#pending.length > before) this.settle(before, outcome, kind);
    }
  }

  wait(ms: number): void {
    vi.advanceTimersByTime(ms);
    for (const model of this.#models) model.pass(this.#now);
  }

  byHand(at: number, deed: 'open' | 'close' | 'reset'): void {
    const n = at % this.#models.length;
    this.#models[n]!.hand(deed, this.#now);
    this.#circuits.breakers[n]![deed]();
  }

  check(): void {
    for (const [n, breaker] of this.#circuits.breakers.entries()) {
      const [backend, model] = [this.#circuits.backends[n]!, this.#models[n]!];
      expect(breaker.state).toBe(model.state);
      expect(backend.vetoes.has('circuit-open')).toBe(model.state === 'open' || model.isTrialUnderWay);
      expect(breaker.retryIn > 0).toBe(model.state === 'open');
      expect(breaker.retryIn === Infinity).toBe(model.isHeld);
    }
  }

  close(): void {
    this.#circuits.factory.close();
  }

  get #now(): number {
    return performance.now() - this.#start;
  }
}

describe('for any events in any order', () => {
  it('circuits do what the model says: states, vetoes, trials', { timeout: 60_000 }, () => {
    const reasons = new Set<string>();
    fc.assert(
      fc.property(settings, steps, (setting, all) => {
        const pair = new Pair(setting);
        try {
          for (const step of all) {
            if (step.do === 'enter') pair.enter(step.at);
            else if (step.do === 'settle') pair.settle(step.entry, step.outcome, step.kind);
            else if (step.do === 'burst') pair.burst(step.at, step.times, step.outcome, step.kind);
            else if (step.do === 'wait') pair.wait(step.ms);
            else pair.byHand(step.at, step.deed);
            pair.check();
          }
        } finally {
          pair.close();
        }
        for (const event of pair.events) reasons.add(event.replace(/.*: /, '').replaceAll(/\d+/g, 'n'));
      }),
      { numRuns: 80 },
    );
    // The runs have reached every reason for a change: otherwise they would prove little.
    expect([...reasons].toSorted()).toEqual([
      'by hand',
      'n hard failures in a row',
      'n of n requests failed',
      'openFor is over',
      'the trial failed',
      'the trial succeeded',
      'the trial was answered, and no other backend is left',
    ]);
  });
});
