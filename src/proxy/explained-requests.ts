import type { Exchange } from './exchange.js';

/** Explains requests whose clients ask for it, by `X-Gateway-Explain`. */
export interface ExplainedRequests {
  /** Such a head was read, and nothing is known of its route yet. */
  opened(exchange: Exchange): void;
  /** One is about to be asked about by its policies. True: `goOn` is called when that has been explained; false: it need not wait. */
  delays(exchange: Exchange, goOn: () => void): boolean;
}
