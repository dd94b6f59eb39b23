import { Pieces } from '../../http/pieces.js';

/**
 * What is kept of a client's body, so that another attempt can be given all of it.
 *
 * ```
 *           add        complete   letGo
 * nothing → pieces   → whole    → gone
 * pieces  → pieces   → whole    → gone
 * whole     (stays)    (stays)  → gone
 * gone      (stays)    (stays)    (stays)
 * ```
 */
export class KeptBody {
  #kept: Pieces | Buffer | 'nothing' | 'gone' = 'nothing';

  /** `hold`: the most bytes that may be kept once they are on their way to a backend. Bytes that were not sent yet are kept beyond it. */
  constructor(private readonly hold: number) {}

  /** At least a part of the body is no longer kept. */
  get isGone(): boolean {
    return this.#kept === 'gone';
  }

  /** The whole body, once it is {@link complete}. */
  get whole(): Buffer | undefined {
    return Buffer.isBuffer(this.#kept) ? this.#kept : undefined;
  }

  /** What has come so far, as one buffer; undefined where it is gone, or nothing has come. */
  get all(): Buffer | undefined {
    const kept = this.#kept;
    if (typeof kept === 'string') return undefined;
    return Buffer.isBuffer(kept) ? kept : kept.all;
  }

  /** Keeps one piece more. */
  add(chunk: Buffer): void {
    const kept = this.#kept;
    if (kept === 'gone' || Buffer.isBuffer(kept)) return;
    const pieces = kept === 'nothing' ? (this.#kept = new Pieces()) : kept;
    pieces.add(chunk);
  }

  /** The last piece has come. `whole`: the body where it came in one; default: what was added. */
  complete(whole?: Buffer): void {
    if (this.#kept === 'gone' || Buffer.isBuffer(this.#kept)) return;
    this.#kept = whole ?? this.all ?? Buffer.alloc(0);
  }

  /** Keeps a piece that is sent at once, unless it is one too many. `total`: bytes that have come, the piece among them. */
  sent(chunk: Buffer, total: number): void {
    if (total > this.hold) this.letGo();
    else this.add(chunk);
  }

  /** Everything that has come, `total` bytes, is sent. */
  allSent(total: number): void {
    if (total > this.hold) this.letGo();
  }

  /** Keeps nothing any more. */
  letGo(): void {
    this.#kept = 'gone';
  }
}
