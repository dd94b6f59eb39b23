import type { LiveBackend } from '../upstream/live-backend.js';
import type { RandomSource } from '../random/random-source.js';
import { failure } from './failure.js';
import { ProbeRun } from './probe-run.js';
import type { HealthProbe, ProbeResult } from './probe.js';

/** When a backend is probed, and how many results change the verdict on it. Times in milliseconds. */
interface WatchSettings {
  readonly interval: number;
  readonly timeout: number;
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

/** The callbacks of a watch. */
export interface WatchObserver {
  /** A probe has ended. */
  probed(backend: LiveBackend, result: ProbeResult): void;
  /** The verdict has changed; `reason`: of the failure that made the backend unhealthy, undefined when it is healthy again. */
  changed(backend: LiveBackend, reason: string | undefined): void;
}

/** Probes of one backend at the same time: one under way, and one that was given up and has not ended. */
const maxRunning = 2;
const longestTimer = 2 ** 31 - 1;

/**
 * Probes one backend again and again, and sets and lifts its veto `unhealthy`. The backend counts as healthy until it has failed
 * often enough, unless it has the veto already. The first probe comes soon after `start`, the next ones every `interval` ± 10 %, counted from start to start.
 */
export class BackendWatch {
  #healthy: boolean;
  /** Consecutive results that contradict the verdict. */
  #against = 0;
  #running = 0;
  #run: ProbeRun | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(
    readonly backend: LiveBackend,
    private readonly probe: HealthProbe,
    private readonly settings: WatchSettings,
    private readonly random: RandomSource,
    private readonly observer: WatchObserver,
  ) {
    // A watch may take over from another one with other settings.
    this.#healthy = !backend.vetoes.has('unhealthy');
  }

  /** Call once. The first probe starts within `spread` milliseconds, or within the interval if that is shorter. */
  start(spread = 1_000): void {
    this.#wait(this.random() * Math.min(this.settings.interval, spread));
  }

  /** Stops for good: no timers, and the probe under way is aborted. A veto stays. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#run?.abort('the gateway is shutting down');
  }

  #wait(delay: number): void {
    this.#timer = setTimeout(() => void this.#turn(), Math.min(Math.max(0, delay), longestTimer)).unref();
  }

  async #turn(): Promise<void> {
    const due = performance.now() + this.settings.interval * (0.9 + 0.2 * this.random());
    const result = await this.#probe();
    if (this.#ended) return;
    this.#count(result);
    this.#wait(due - performance.now());
  }

  async #probe(): Promise<ProbeResult> {
    // Otherwise probes that ignore their signal would pile up.
    if (this.#running >= maxRunning) return failure('earlier probes have not ended');
    this.#running++;
    const run = (this.#run = new ProbeRun(this.probe, this.backend, this.settings.timeout));
    void run.ended.then(() => this.#running--);
    return run.result;
  }

  #count(result: ProbeResult): void {
    this.observer.probed(this.backend, result);
    if (!result.healthy && result.inconclusive === true) return;
    if (!result.healthy && !this.#healthy) this.backend.veto('unhealthy', result.reason);
    this.#against = result.healthy === this.#healthy ? 0 : this.#against + 1;
    const { healthyAfter, unhealthyAfter } = this.settings;
    if (this.#against < (this.#healthy ? unhealthyAfter : healthyAfter)) return;
    this.#against = 0;
    this.#healthy = result.healthy;
    if (result.healthy) this.backend.lift('unhealthy');
    else this.backend.veto('unhealthy', result.reason);
    this.observer.changed(this.backend, result.healthy ? undefined : result.reason);
  }
}
