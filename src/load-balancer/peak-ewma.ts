import { Inject } from '@nestjs/common';
import type { Backend, Candidates, Outcome } from '../upstream/backend.js';
import { LiveBackend } from '../upstream/live-backend.js';
import { Latency } from './latency.js';
import { PlanCache } from './plan-cache.js';
import { RANDOM_SOURCE, type RandomSource } from '../random/random-source.js';
import { Strategy, type LoadBalancingStrategy } from './strategy.js';
import { WeightedSampler } from './weighted-sampler.js';

/** Milliseconds in which an observed latency fades to 1/e; the value of Finagle. */
const DECAY = 10_000;
/** The latency in milliseconds that a failure counts as at least: otherwise a backend that refuses at once would look like the fastest. */
const FAILURE = 1_000;
/** The cost of a backend that has a request and has not answered any yet: above any latency. */
const UNKNOWN = 1e9;

interface Plan {
  readonly sampler: WeightedSampler;
  readonly latencies: readonly Latency[];
}

/**
 * Of two backends drawn by weight, the one that is expected to answer sooner: its recent latency to the first byte × (exchanges
 * in flight + 1) ÷ weight. Peaks count at once and fade over ten seconds, so a backend that turns slow soon gets few requests,
 * and is tried again later. A new backend gets one request, and more after it has answered. For backends that differ in speed.
 */
@Strategy('peak-ewma')
export class PeakEwma implements LoadBalancingStrategy {
  readonly #plans: PlanCache<Plan>;
  readonly #latencies = new WeakMap<Backend, Latency>();

  constructor(@Inject(RANDOM_SOURCE) random: RandomSource) {
    this.#plans = new PlanCache<Plan>(candidates => ({
      sampler: new WeightedSampler(candidates, random),
      latencies: candidates.map(backend => this.#latencyOf(backend)),
    }));
  }

  pick(candidates: Candidates): Backend {
    if (candidates.length === 1) return candidates[0];
    const { sampler, latencies } = this.#plans.planFor(candidates);
    const now = latencies[0]!.now();
    const first = sampler.draw();
    const second = sampler.drawOther(first);
    const one = candidates[first] as Backend;
    const other = candidates[second] as Backend;
    return cost(other, latencies[second] as Latency, now) < cost(one, latencies[first] as Latency, now) ? other : one;
  }

  settled(backend: Backend, outcome: Outcome, firstByte: number | undefined): void {
    if (outcome !== 'failure' && firstByte === undefined) return;
    const latency = this.#latencyOf(backend);
    latency.observe(outcome === 'failure' ? Math.max(firstByte ?? 0, FAILURE) : firstByte!, latency.now());
  }

  #latencyOf(backend: Backend): Latency {
    let latency = this.#latencies.get(backend);
    if (latency === undefined) {
      latency = new Latency(DECAY, backend instanceof LiveBackend ? backend.load : undefined);
      this.#latencies.set(backend, latency);
    }
    return latency;
  }
}

function cost(backend: Backend, latency: Latency, now: number): number {
  const inFlight = backend.inFlight;
  const expected = latency.read(now);
  if (expected === 0) return inFlight === 0 ? 0 : (UNKNOWN + inFlight) / backend.weight;
  return (expected * (inFlight + 1)) / backend.weight;
}
