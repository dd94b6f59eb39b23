import type { Backend, Candidates } from '../upstream/backend.js';
import { mix } from './hash.js';
import type { HashSlots } from './hash-slots.js';

/** Up to this many backends the exchanges in flight are added up for each pick; of more, so many for each pick on average. */
const COUNTED = 64;
/** Places to try before the idlest backend is looked for. */
const TRIES = 32;

/**
 * Keeps hashing from overloading a backend that owns a busy key: consistent hashing with bounded loads (Mirrokni, Thorup and
 * Zadimoghaddam, 2016). No backend is given more than ⌈factor × its share by weight of all exchanges in flight, the new one included⌉.
 * A request that its owner has no room for goes to the owner of another slot, the same ones in the same order for each key.
 * With more than 64 backends the sum may be some picks old (one for each 64 backends).
 */
export class BoundedLoad {
  readonly #totalWeight: number;
  readonly #interval: number;
  #inFlight = 0;
  #untilCount = 0;

  constructor(
    private readonly candidates: Candidates,
    private readonly factor: number,
  ) {
    this.#totalWeight = candidates.reduce((sum, each) => sum + each.weight, 0);
    this.#interval = Math.ceil(candidates.length / COUNTED);
  }

  /** The backend for a hash: the owner of its slot, or the first with room after it. */
  ownerOf(hash: number, slots: HashSlots): Backend {
    this.#count();
    let next = hash;
    for (let tries = 0; tries < TRIES; tries++) {
      const backend = slots.ownerOf(next);
      if (this.#hasRoom(backend)) return backend;
      next = mix(next + 0x9e3779b9);
    }
    return this.#idlest();
  }

  #count(): void {
    if (--this.#untilCount > 0) return;
    this.#untilCount = this.#interval;
    this.#inFlight = 0;
    for (let i = 0; i < this.candidates.length; i++) this.#inFlight += (this.candidates[i] as Backend).inFlight;
  }

  #hasRoom(backend: Backend): boolean {
    const share = backend.weight / this.#totalWeight;
    return backend.inFlight < Math.ceil(this.factor * (this.#inFlight + 1) * share);
  }

  // When the count is fresh it has room: not all backends can be above their share.
  #idlest(): Backend {
    let idlest = this.candidates[0];
    for (const backend of this.candidates) {
      if (backend.inFlight * idlest.weight < idlest.inFlight * backend.weight) idlest = backend;
    }
    return idlest;
  }
}
