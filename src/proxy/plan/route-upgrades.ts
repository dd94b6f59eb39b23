import { isNeverUpgradedTo } from '../../config/language/kinds/upgrade-protocol.js';
import type { WebSocketConfig } from '../../config/file/websocket.config.js';
import type { Places } from '../lasting/places.js';

/** Upgrades of one route: what `websocket` says. */
export class RouteUpgrades {
  readonly #protocols: 'any' | ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;

  constructor(
    readonly settings: Readonly<WebSocketConfig>,
    /** For `maxConnections`: the route's own, or those that routes without a limit of their own share. */
    readonly places: Places,
    /** The route leads to backends. */
    private readonly forwards: boolean,
    /** Routes that the path could be read as one of: what any of them does not allow is not allowed. */
    private readonly others: readonly RouteUpgrades[] = [],
  ) {
    const { origins, upgrades } = settings;
    this.#origins = new Set(origins.map(origin => origin.toLowerCase()));
    this.#protocols = upgrades === 'any' ? upgrades : new Set(upgrades.map(name => name.toLowerCase()));
  }

  /**
   * The first of the protocols that a client offers (a list, RFC 9110 §7.8) which a connection may be switched to. WebSocket is
   * found where it is forbidden, too: its clients get a refusal that says so.
   */
  find(offered: string | undefined): string | undefined {
    if (offered === undefined || !this.forwards) return undefined;
    const names = offered.split(',').map(name => name.trim());
    const found = names.find(name => this.#mayBe(name.toLowerCase()));
    return found === undefined || this.others.every(other => other.find(found) === found) ? found : undefined;
  }

  /** The same for a request whose path could be read as one of other routes that lead to backends. */
  within(others: readonly RouteUpgrades[]): RouteUpgrades {
    const settings = others.find(other => !other.settings.enabled)?.settings ?? this.settings;
    return new RouteUpgrades({ ...this.settings, enabled: settings.enabled }, this.places, this.forwards, others);
  }

  /** Whether pages of that origin (RFC 6454 §7) may open connections: all may where no list is set. */
  accepts(origin: string | undefined): boolean {
    const isOwn = this.#origins.size === 0 || this.#origins.has(origin?.toLowerCase() ?? '');
    return isOwn && this.others.every(other => other.accepts(origin));
  }

  #mayBe(name: string): boolean {
    if (!this.settings.enabled) return name === 'websocket';
    if (isNeverUpgradedTo(name)) return false;
    return this.#protocols === 'any' || this.#protocols.has(name);
  }
}
