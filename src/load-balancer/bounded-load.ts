import type { Backend, Candidates } from '../upstream/backend.js';
import { mix } from './hash.js';
import type { HashSlots } from './hash-slots.js';

/** Backends whose exchanges in flight are added up for each pick; with more backends than this, so many for each pick on average. */
const COUNTED = 64;
/** Slots to try before the idlest backend is looked for. */
const TRIES = 32;

/**
 * Keeps hashing from overloading a backend that owns a busy key: consistent hashing with bounded loads (Mirrokni, Thorup and
 * Zadimoghaddam, 2016). No backend is given more than ⌈factor × its share by weight of all exchanges in flight, the new one
 * included⌉. When the owner has no room, the request goes to the owner of another slot; for one key, the other slots are always
 * tried in the same order. With more than 64 backends the sum may be out of date by one pick for each 64 backends.
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

  // When the sum is up to date this backend has room: not all backends can be above their share.
  #idlest(): Backend {
    let idlest = this.candidates[0];
    for (const backend of this.candidates) {
      if (backend.inFlight * idlest.weight < idlest.inFlight * backend.weight) idlest = backend;
    }
    return idlest;
  }
}
