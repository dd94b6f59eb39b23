/** Latencies that are remembered. */
const size = 512;
/** Fewer than this say nothing about a quantile. */
const enough = 20;
/** New latencies after which the quantile is worked out anew. */
const staleAfter = 64;

/** The recent latencies of an upstream, for a quantile of them: the last 512, sorted once for every 64 that come. */
export class LatencyWindow {
  readonly #latencies = new Float64Array(size);
  #count = 0;
  #until = 0;
  #p95: number | undefined;

  /** Takes in a latency in milliseconds. */
  add(latency: number): void {
    this.#latencies[this.#count % size] = latency;
    this.#count++;
  }

  /** What 95 % of them do not exceed, in milliseconds; undefined while fewer than 20 are known. */
  get p95(): number | undefined {
    if (this.#count < enough) return undefined;
    if (this.#count >= this.#until) {
      const sorted = this.#latencies.slice(0, Math.min(this.#count, size)).sort();
      this.#p95 = sorted[Math.ceil(sorted.length * 0.95) - 1];
      this.#until = this.#count + staleAfter;
    }
    return this.#p95;
  }
}
