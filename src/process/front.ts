import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { ThreadQuestion, ThreadReports } from '../admin/live/thread-report.js';
import type { LivePart } from '../config/live/transition.js';
import type { ExpositionFormat } from '../metrics/exposition.js';
import type { TailSource } from '../logging/tail/tail.js';

/** A listener that is open somewhere in this process. */
export interface OpenListener {
  readonly name: string;
  /** `http://127.0.0.1:8080` or `unix:/run/gatehouse.sock`. */
  readonly url: string;
}

/** Where clients come in when this thread does not serve them itself: worker threads. */
export interface Front extends LivePart {
  /** The listeners of the configuration in force; empty before {@link listen}. */
  readonly listeners: readonly OpenListener[];
  /** Serves clients by this configuration. Rejects with a StartError when an address cannot be used; nothing is left open then. */
  listen(config: GatewayConfig): Promise<void>;
  /** Reads the certificates again now, and not only when the system tells of a change. */
  reloadCertificates(): void;
  /** Opens the files of the log again by their names. */
  reopenLogs(): void;
  /**
   * Ends gracefully within `grace` milliseconds, after `delay` in which listeners still accept. Resolves, at the latest a few seconds behind that, with the
   * number of exchanges that were cut. `isFollowed`: a successor listens on its ports.
   */
  end(grace: number, delay: number, isFollowed: boolean): Promise<number>;
  /** The threads that are to carry traffic, and whether they do. */
  readonly threads: readonly { readonly thread: number; readonly isRunning: boolean }[];
  /** Asks all threads that carry traffic what goes on. Resolves within a second, with those that have answered by then. */
  report(question: ThreadQuestion): Promise<ThreadReports>;
  /** The exchanges that end in all threads, for watchers. */
  readonly tails: TailSource;
  /** The metrics of all threads as one, for `/metrics`. */
  readonly metrics: { metrics(format: ExpositionFormat): Promise<string> };
}

/** Token of the {@link Front}; nothing is provided where this thread serves clients itself. */
export const FRONT = Symbol('gatehouse.front');
