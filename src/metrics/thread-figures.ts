import perfHooks, { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Injectable, type OnModuleDestroy, type Provider } from '@nestjs/common';
import { makeCounterProvider, makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Counter, Gauge } from 'prom-client';
import { METRICS_SETTINGS, type MetricsSettings } from './metrics-settings.js';

/** Milliseconds between two measurements of the delay. */
const measuredEvery = 10;
/** How long a delay is shown, in milliseconds: longer than the usual time between two scrapes. */
const shownFor = 60_000;

/** How busy this thread is. Workers and the main thread are told apart by the label `thread`. */
@Injectable()
export class ThreadFigures implements OnModuleDestroy {
  readonly #delays = monitorEventLoopDelay({ resolution: measuredEvery });
  /** The longest delays between readings, in milliseconds. */
  #longest: { readonly delay: number; readonly until: number }[] = [];
  #busy = 0;

  constructor() {
    this.#delays.enable();
  }

  onModuleDestroy(): void {
    this.#delays.disable();
  }

  /**
   * The longest delay of the event loop in the last minute, in seconds. Not since the last reading: threads are read more often than they are scraped.
   */
  longestDelay(): number {
    const now = performance.now();
    // What is measured is the time between two calls of a timer.
    const delay = Math.max(0, this.#delays.max / 1e6 - measuredEvery);
    this.#delays.reset();
    // An earlier delay that is not longer will never be the longest again, so that only few are kept.
    this.#longest = this.#longest.filter(other => other.until > now && other.delay > delay);
    this.#longest.push({ delay, until: now + shownFor });
    return this.#longest[0]!.delay / 1000;
  }

  /** Seconds in which the event loop was busy since {@link busySeconds} was called last, or since the thread began. */
  busySeconds(): number {
    const before = this.#busy;
    this.#busy = perfHooks.performance.eventLoopUtilization().active / 1000;
    return Math.max(0, this.#busy - before);
  }
}

/** {@link ThreadFigures} and the providers of its metrics. */
export function threadFigureProviders(): Provider[] {
  const settings = { labelNames: ['thread'], registers: [], inject: [METRICS_SETTINGS, ThreadFigures] };
  return [
    ThreadFigures,
    makeGaugeProvider({
      name: 'gatehouse_event_loop_delay_seconds',
      help: 'The longest delay of the event loop of a thread in the last minute.',
      ...settings,
      collect(this: Gauge<string>, settings: MetricsSettings, figures: ThreadFigures) {
        this.set({ thread: threadOf(settings) }, figures.longestDelay());
      },
    }),
    makeCounterProvider({
      name: 'gatehouse_event_loop_busy_seconds_total',
      help: 'Time that the event loop of a thread was busy: its rate is 1 for a thread that has no time left.',
      ...settings,
      collect(this: Counter<string>, settings: MetricsSettings, figures: ThreadFigures) {
        this.inc({ thread: threadOf(settings) }, figures.busySeconds());
      },
    }),
    makeGaugeProvider({
      name: 'gatehouse_heap_used_bytes',
      help: 'Memory that the JavaScript objects of a thread take.',
      ...settings,
      collect(this: Gauge<string>, settings: MetricsSettings) {
        this.set({ thread: threadOf(settings) }, getHeapStatistics().used_heap_size);
      },
    }),
  ];
}

/** One of few values, as it is a label. */
function threadOf({ worker }: MetricsSettings): string {
  return worker === undefined ? 'main' : String(worker);
}
