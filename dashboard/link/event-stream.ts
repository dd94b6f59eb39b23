import { EventReader, type ServerEvent } from '../model/event-reader.js';
import { refusalOf } from './api.js';
import { asked, authorization, tokenGiven } from './token.js';

/** What a stream tells of itself. */
export interface StreamObserver {
  /** Events that came together. */
  take(events: readonly ServerEvent[]): void;
  /** The gateway has taken the request. */
  opened(): void;
  /** It has ended, or was refused, and why. It is tried again unless this gives false. */
  lost(refusal: { readonly status: number; readonly lines: readonly string[] } | undefined): boolean;
}

/** Milliseconds before it is tried again, for the first times and for all others. */
const pauses = [200, 500, 1_000];
const pause = 2_000;

/** A stream of server-sent events that opens again when it has ended. By `fetch`: an `EventSource` cannot carry a token. */
export class EventStream {
  #stop = new AbortController();
  #wake: (() => void) | undefined;

  /** `silence`: milliseconds without a byte after which it counts as lost. */
  constructor(
    private readonly path: string,
    private readonly silence: number,
    private readonly observer: StreamObserver,
  ) {
    void this.#run(this.#stop.signal);
  }

  /** Ends it for good. */
  stop(): void {
    this.#stop.abort();
    this.#wake?.();
  }

  /** Tries at once where it waits to try again. */
  hurry(): void {
    this.#wake?.();
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let tries = 0; !signal.aborted; tries++) {
      const refusal = await this.#once(signal, () => (tries = -1));
      if (signal.aborted || !this.observer.lost(refusal)) return;
      await (asked.value === undefined ? this.#rest(pauses[tries] ?? pause) : tokenGiven());
    }
  }

  #rest(ms: number): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #once(signal: AbortSignal, opened: () => void): Promise<Parameters<StreamObserver['lost']>[0]> {
    const quiet = new AbortController();
    let watchdog = setTimeout(() => quiet.abort(), this.silence);
    try {
      const response = await fetch(this.path, {
        headers: authorization(),
        cache: 'no-store',
        signal: AbortSignal.any([signal, quiet.signal]),
      });
      if (!response.ok) return { status: response.status, lines: await refusalOf(response) };
      opened();
      this.observer.opened();
      const reader = new EventReader();
      const body = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await body.read();
        if (done) return undefined;
        clearTimeout(watchdog);
        watchdog = setTimeout(() => quiet.abort(), this.silence);
        const events = reader.read(value);
        if (events.length > 0) this.observer.take(events);
      }
    } catch {
      return undefined;
    } finally {
      clearTimeout(watchdog);
      quiet.abort();
    }
  }
}
