import { AddressRanges } from '../../addresses/address-ranges.js';
import { parseNetwork } from '../../addresses/network.js';
import type { ExchangeRecord } from '../../http/exchange-record.js';

/** Which exchanges a watcher wants to see: plain data, which can be sent to another thread. What is left out leaves nothing out. */
export interface TailFilter {
  /** Names of routes; `none`: what no route matches. */
  readonly routes?: readonly string[] | undefined;
  readonly upstream?: string | undefined;
  /** Id of a backend. */
  readonly backend?: string | undefined;
  /** Statuses from the first to the second, both included: `[[500, 599]]`. */
  readonly statuses?: readonly (readonly [number, number])[] | undefined;
  /** Only what took longer than so many milliseconds. */
  readonly slowerThan?: number | undefined;
  /** A CIDR or an address, as `parseNetwork` takes it. */
  readonly client?: string | undefined;
}

/** Tells whether an exchange is one that a watcher wants to see. */
export class TailMatch {
  readonly #clients: AddressRanges | undefined;
  readonly #routes: ReadonlySet<string> | undefined;

  constructor(private readonly filter: TailFilter) {
    const { client, routes } = filter;
    if (client !== undefined) this.#clients = new AddressRanges([parseNetwork(client)], []);
    if (routes !== undefined) this.#routes = new Set(routes);
  }

  matches({ backendId, clientIp, routeName, status, times, upstreamName }: ExchangeRecord): boolean {
    const { backend, slowerThan, statuses, upstream } = this.filter;
    if (this.#routes?.has(routeName ?? 'none') === false) return false;
    if (upstream !== undefined && upstream !== upstreamName) return false;
    if (backend !== undefined && backend !== backendId) return false;
    if (statuses !== undefined && !statuses.some(([from, to]) => status >= from && status <= to)) return false;
    if (slowerThan !== undefined && !(times.closedAt - times.openedAt > slowerThan)) return false;
    return this.#clients === undefined || this.#clients.admits(clientIp) === true;
  }
}
