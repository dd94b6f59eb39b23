/** What one burst of load on one proxy has shown. */
export interface Sample {
  /** Microseconds of CPU time (user and system, all threads and children) for each answered request. */
  readonly cpuPerRequest: number;
  /** Share of one core that the proxy used; near 1 when the proxy, not the load, was the limit. */
  readonly busy: number;
  /** Share of that core that anything else used meanwhile; 0 where nothing is pinned. */
  readonly disturbance: number;
  /** Answers a second. */
  readonly rate: number;
  /** Milliseconds, median. */
  readonly p50: number;
  /** Milliseconds. */
  readonly p99: number;
  readonly requests: number;
  readonly errors: number;
}

/** What all rounds of one contestant come to. */
export interface Summary {
  readonly label: string;
  readonly version: string;
  /** Microseconds for each request in the round with the least noise: the minimum. */
  readonly cpuPerRequest: number;
  /** The same in the second best round; infinite where there was one only. */
  readonly secondCpuPerRequest: number;
  /** The median of the rounds; far from the minimum on a noisy machine. */
  readonly medianCpuPerRequest: number;
  /** Share of one core that the proxy used in that round. */
  readonly busy: number;
  /** Share of that core that anything else used in that round. */
  readonly disturbance: number;
  /** The best round's. */
  readonly rate: number;
  /** Milliseconds, of the round with the best rate. */
  readonly p50: number;
  /** Milliseconds, of the round with the best rate. */
  readonly p99: number;
  readonly requests: number;
  readonly errors: number;
}

/** Sums up the rounds of one contestant. Throws when there is none. */
export function summarise(label: string, version: string, samples: readonly Sample[]): Summary {
  const byCpu = samples.toSorted((a, b) => a.cpuPerRequest - b.cpuPerRequest);
  const fastest = samples.toSorted((a, b) => b.rate - a.rate)[0];
  const cheapest = byCpu[0];
  const median = byCpu[Math.floor(byCpu.length / 2)];
  if (!fastest || !cheapest || !median) throw new Error(`${label} was not measured`);
  return {
    label,
    version,
    cpuPerRequest: cheapest.cpuPerRequest,
    secondCpuPerRequest: byCpu[1]?.cpuPerRequest ?? Infinity,
    medianCpuPerRequest: median.cpuPerRequest,
    busy: cheapest.busy,
    disturbance: cheapest.disturbance,
    rate: fastest.rate,
    p50: fastest.p50,
    p99: fastest.p99,
    requests: samples.reduce((sum, one) => sum + one.requests, 0),
    errors: samples.reduce((sum, one) => sum + one.errors, 0),
  };
}

/** How dear one contestant is against another: CPU for each request, divided. Undefined when either is missing. */
export function ratio(summaries: readonly Summary[], label: string, peer: string): number | undefined {
  const ours = summaries.find(one => one.label === label);
  const theirs = summaries.find(one => one.label === peer);
  return ours && theirs && ours.cpuPerRequest / theirs.cpuPerRequest;
}
