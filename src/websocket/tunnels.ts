import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { PINO } from '../logging/logging.module.js';
import { StreamMetrics } from '../metrics/stream-metrics.js';
import { TunnelMetrics, type TunnelFigures } from '../metrics/tunnel-metrics.js';
import { Deadlines } from '../proxy/forwarder/deadlines.js';
import type { Exchange } from '../proxy/exchange.js';
import { Exchanges } from '../proxy/exchanges.js';
import { LongLived, type LastingState } from '../proxy/lasting/long-lived.js';
import type { TunnelEnds, TunnelOver } from '../proxy/lasting/upgrade.js';
import type { LiveBackend } from '../upstream/live-backend.js';
import type { Upstream } from '../upstream/upstream.js';
import { Upstreams } from '../upstream/upstreams.js';
import { closeLabel } from './close-code.js';
import { Tunnel } from './tunnel.js';
import type { TunnelOpener, UpgradeExchange } from './upgrade-exchange.js';

/** Milliseconds by which an idle tunnel may be noticed late, because one timer looks at all tunnels. */
const resolution = 250;

/** Opens tunnels, counts them, and drains them with their backend. */
@Injectable()
export class Tunnels implements TunnelOpener {
  readonly #deadlines = new Deadlines(resolution);
  readonly #open = new Map<Tunnel, LiveBackend>();

  constructor(
    private readonly exchanges: Exchanges,
    private readonly longLived: LongLived,
    private readonly metrics: TunnelMetrics,
    private readonly streams: StreamMetrics,
    @Inject(PINO) private readonly log: Logger,
    upstreams: Upstreams,
  ) {
    upstreams.onChange(upstream => this.#drainBackends(upstream));
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
        measured.close(code);
        this.streams.ended(labels.route, 'websocket', (performance.now() - openedAt) / 1000);
        over.tunnelOver();
        this.exchanges.end(exchange);
      },
    });
    const measured = this.metrics.open(labels, () => figuresOf(tunnel));
    this.#open.set(tunnel, backend);
    const { route } = labels;
    const state = (): LastingState => stateOf(exchange, backend, tunnel);
    this.longLived.open.set(tunnel, { route, listener: exchange.listenerInfo, kind: 'tunnel', state });
    this.log.info({ requestId: exchange.id, ...labels, protocol: exchange.upgrade!.protocol }, 'tunnel opened');
    this.exchanges.watcher?.tunnelOpened(exchange);
    tunnel.start();
    // The upgrade was under way when the draining began.
    if (exchange.listenerInfo.draining || backend.vetoes.has('draining')) tunnel.drain();
    return tunnel;
  }

  #drainBackends({ isDraining }: Upstream): void {
    if (this.#open.size === 0 || !isDraining) return;
    for (const [tunnel, backend] of this.#open) if (backend.vetoes.has('draining')) tunnel.drain();
  }
}

function stateOf(exchange: Exchange, backend: LiveBackend, { fromBackend, fromClient }: Tunnel): LastingState {
  return {
    requestId: exchange.id,
    client: exchange.clientIp,
    path: exchange.path,
    protocol: exchange.upgrade!.protocol,
    upstream: exchange.upstreamName!,
    backend: backend.id,
    age: performance.now() - exchange.times.openedAt,
    bytesIn: fromClient.bytes,
    bytesOut: fromBackend.bytes,
    messagesIn: fromClient.observer?.messages,
    messagesOut: fromBackend.observer?.messages,
  };
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
