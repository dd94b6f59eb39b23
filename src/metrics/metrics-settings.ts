/** Settings of the metrics. */
export interface MetricsSettings {
  /** Upper bounds of the buckets of durations, in seconds, ascending. */
  readonly buckets: readonly number[];
  /** Those of the durations of each backend; default: the same. */
  readonly backendBuckets?: readonly number[];
  /** The gateway's version, for `gatehouse_build_info`; default: that metric is left out. */
  readonly version?: string;
  /** Number of the worker thread whose metrics these are, as a label; default: those of the main thread. */
  readonly worker?: number | undefined;
  /** False leaves out the metrics of the process (CPU, memory, event loop). Default: true in the main thread, false in workers, where they would count twice. */
  readonly processMetrics?: boolean;
}

/** Token of the {@link MetricsSettings}. */
export const METRICS_SETTINGS = Symbol('METRICS_SETTINGS');
