import { Inject } from '@nestjs/common';
import type { Backend, Candidates } from '../upstream/backend.js';
import { RANDOM_SOURCE, type RandomSource } from '../random/random-source.js';
import { Strategy, type LoadBalancingStrategy } from './strategy.js';

/**
 * The backend with the fewest exchanges in flight for its weight. Among equals one is drawn by weight, so idle backends share.
 * For requests that differ much in cost, and for streams and tunnels. Exact, so a pick looks at every candidate: with hundreds
 * of backends, `power-of-two-choices` is cheaper.
 */
@Strategy('least-connections')
export class LeastConnections implements LoadBalancingStrategy {
  constructor(@Inject(RANDOM_SOURCE) private readonly random: RandomSource) {}

  pick(candidates: Candidates): Backend {
    let least = candidates[0];
    let inFlight = least.inFlight;
    let weight = least.weight;
    let tied = 1;
    let tiedWeight = weight;
    for (let i = 1; i < candidates.length; i++) {
      const backend = candidates[i] as Backend;
      const load = backend.inFlight;
      // load / backend.weight against inFlight / weight, without rounding.
      const difference = load * weight - inFlight * backend.weight;
      if (difference > 0) continue;
      if (difference === 0) {
        tied++;
        tiedWeight += backend.weight;
        continue;
      }
      least = backend;
      inFlight = load;
      weight = backend.weight;
      tied = 1;
      tiedWeight = weight;
    }
    return tied === 1 ? least : this.#drawTied(candidates, inFlight, weight, tiedWeight);
  }

  foresee(candidates: Candidates): readonly Backend[] {
    const load = ({ inFlight, weight }: Backend): number => inFlight / weight;
    const least = Math.min(...candidates.map(load));
    // Rounding must not leave out one of several that are equal.
    return candidates.filter(backend => load(backend) <= least * (1 + 1e-9));
  }

  #drawTied(candidates: Candidates, inFlight: number, weight: number, tiedWeight: number): Backend {
    let left = this.random() * tiedWeight;
    let last = candidates[0];
    for (let i = 0; i < candidates.length; i++) {
      const backend = candidates[i] as Backend;
      if (backend.inFlight * weight > inFlight * backend.weight) continue;
      left -= backend.weight;
      if (left < 0) return backend;
      last = backend;
    }
    return last;
  }
}
