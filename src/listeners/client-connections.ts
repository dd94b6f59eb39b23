import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { canonicalAddress } from '../addresses/canonical-address.js';
import type { ConnectionMetrics } from '../metrics/connection-metrics.js';
import { concurrencyStore, type ConcurrencyStore } from '../security/concurrency/concurrency-store.js';
import { ClientNetworks } from '../security/rate-limit/client-networks.js';
import type { CountSpace } from '../shared-memory/count-table.js';

/** Bits of an IPv6 address that make one client: a single home line has a whole /64. */
const prefix = 64;

/** What the count of a listener needs. */
interface ClientConnectionsOptions {
  readonly listener: string;
  /** Connections that one client may have open. */
  readonly limit: number;
  readonly metrics: Pick<ConnectionMetrics, 'refused'>;
  readonly log: Pick<Logger, 'debug'>;
  /** Where the listener's clients are counted over all threads. Undefined: this thread has all their connections. */
  readonly counts?: CountSpace | undefined;
}

/** Counts the open connections of each client of a listener, and closes those beyond the limit at once. A client without connections takes no memory. */
export class ClientConnections {
  readonly #open: ConcurrencyStore;
  readonly #networks = new ClientNetworks(prefix);

  constructor(private readonly options: ClientConnectionsOptions) {
    this.#open = concurrencyStore(options.counts);
  }

  /** Clients with open connections to this thread. */
  get clients(): number {
    return this.#open.keys;
  }

  /**
   * Counts a connection until it closes, or closes it: then it gives false. `peer`: the address of its client; one without an address (a unix socket) is
   * not counted.
   */
  admit(socket: Socket, peer: string | undefined): boolean {
    const address = peer === undefined ? undefined : canonicalAddress(peer);
    if (address === undefined) return true;
    const client = this.#networks.of(address);
    const { limit, listener, log, metrics } = this.options;
    if (!this.#open.enter(client, limit)) {
      metrics.refused(listener, 'client');
      log.debug({ listener, peer, reason: 'client' }, 'connection refused');
      socket.destroy();
      return false;
    }
    socket.once('close', () => this.#open.leave(client));
    return true;
  }
}
