import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { PINO } from '../logging/logging.module.js';
import { TunnelMetrics, type TunnelFigures } from '../metrics/tunnel-metrics.js';
import { Deadlines } from '../proxy/deadlines.js';
import type { Exchange } from '../proxy/exchange.js';
import { Exchanges } from '../proxy/exchanges.js';
import { LongLived } from '../proxy/long-lived.js';
import type { RoutePlan } from '../proxy/route-plan.js';
import type { TunnelEnds, TunnelOver } from '../proxy/upgrade.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import { Upstreams } from '../upstream/upstreams.js';
import { closeLabel } from './close-code.js';
import { Tunnel } from './tunnel.js';
import type { TunnelOpener, UpgradeExchange } from './upgrade-exchange.js';

/** How late an idle tunnel may be noticed, in milliseconds: one timer looks at all of them. */
const resolution = 250;

/** Opens tunnels, counts them, and drains them with their backend. */
@Injectable()
export class Tunnels implements TunnelOpener {
  readonly #deadlines = new Deadlines(resolution);
  readonly #open = new Map<Tunnel, LiveBackend>();
  /** Exchanges that have or ask for an upgrade: of each route with a limit of its own, and of all others together. */
  readonly #counts = new Map<RoutePlan | undefined, number>();
  readonly #admitted = new Map<Exchange, RoutePlan | undefined>();

  constructor(
    private readonly exchanges: Exchanges,
    private readonly longLived: LongLived,
    private readonly metrics: TunnelMetrics,
    @Inject(PINO) private readonly log: Logger,
    upstreams: Upstreams,
  ) {
    for (const upstream of upstreams) upstream.onChange(() => this.#drainBackends());
  }

  /** Gives an exchange one of the places of `maxConnections`; false: there is none. */
  admit(exchange: Exchange, plan: RoutePlan): boolean {
    const { maxConnections, ownLimit } = plan.upgrades.settings;
    const scope = ownLimit ? plan : undefined;
    const count = this.#counts.get(scope) ?? 0;
    if (count >= maxConnections) return false;
    this.#counts.set(scope, count + 1);
    this.#admitted.set(exchange, scope);
    return true;
  }

  /** Takes the place back, if it had one; of a tunnel when both its connections are closed. */
  leave(exchange: Exchange): void {
    if (!this.#admitted.has(exchange) || (exchange.tunnelled && exchange.closedAt === 0)) return;
    const scope = this.#admitted.get(exchange);
    this.#admitted.delete(exchange);
    this.#counts.set(scope, this.#counts.get(scope)! - 1);
  }

  open(exchange: Exchange, backend: LiveBackend, ends: TunnelEnds, over: TunnelOver): Tunnel {
    const { isWebSocket } = exchange.upgrade as UpgradeExchange;
    const { settings } = exchange.plan!.upgrades;
    const labels = { route: exchange.routeName!, upstream: exchange.upstreamName!, backend: backend.id };
    const openedAt = performance.now();
    const tunnel: Tunnel = new Tunnel(ends, isWebSocket, settings, this.#deadlines, {
      closed: () => {
        this.#open.delete(tunnel);
        this.longLived.open.delete(tunnel);
        exchange.tunnel = tunnel.record;
        exchange.bytesOut = tunnel.fromBackend.bytes;
        const code = exchange.tunnel === undefined ? undefined : closeLabel(exchange.tunnel.closeCode);
        measured.close(code, (performance.now() - openedAt) / 1000);
        over.tunnelOver();
        this.exchanges.end(exchange);
        this.leave(exchange);
      },
    });
    const measured = this.metrics.open(labels, () => figuresOf(tunnel));
    this.#open.set(tunnel, backend);
    this.longLived.open.add(tunnel);
    this.log.info({ requestId: exchange.id, ...labels, protocol: exchange.upgrade!.protocol }, 'tunnel opened');
    tunnel.start();
    // It was on its way when the end began.
    if (exchange.listenerInfo.draining || backend.vetoes.has('draining')) tunnel.drain();
    return tunnel;
  }

  #drainBackends(): void {
    for (const [tunnel, backend] of this.#open) if (backend.vetoes.has('draining')) tunnel.drain();
  }
}

function figuresOf({ fromClient, fromBackend }: Tunnel): TunnelFigures {
  return {
    bytes: { in: fromClient.bytes, out: fromBackend.bytes },
    text: { in: fromClient.observer?.text ?? 0, out: fromBackend.observer?.text ?? 0 },
    binary: { in: fromClient.observer?.binary ?? 0, out: fromBackend.observer?.binary ?? 0 },
    ping: { in: fromClient.observer?.pings ?? 0, out: fromBackend.observer?.pings ?? 0 },
    pong: { in: fromClient.observer?.pongs ?? 0, out: fromBackend.observer?.pongs ?? 0 },
  };
}
