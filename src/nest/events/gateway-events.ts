import type { IncomingHttpHeaders } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { CircuitEvent } from '../../circuit-breaker/circuit-events.js';
import { CircuitBreakers } from '../../circuit-breaker/circuit-breakers.js';
import { Readiness } from '../../health/readiness.js';
import { PINO } from '../../logging/logging.module.js';
import { LiveConfig, type AppliedConfig } from '../../process/live-config.js';
import type { Exchange } from '../../proxy/exchange.js';
import { Exchanges } from '../../proxy/exchanges.js';
import type { Identity } from '../../security/policy.js';
import type { Upstream } from '../../upstream/upstream.js';
import { Upstreams } from '../../upstream/upstreams.js';

/** An exchange that is open. */
export interface ExchangeEvent {
  /** The request id. */
  readonly id: string;
  readonly method: string;
  /** The host that the client asked for, in lower case, without the port. */
  readonly host: string;
  /** As the client spelled it, without the query. */
  readonly path: string;
  readonly headers: Readonly<IncomingHttpHeaders>;
  /** The client's address, found through the trusted proxies. */
  readonly clientIp: string;
  /** Who sent it, where a policy has found that out. */
  readonly identity: Identity | undefined;
  /** Name of the listener: `application` for what code forwards, `mounted` for what comes on the application's port. */
  readonly listener: string;
  /** Names of its route and upstream, and the id of its backend; undefined: it has none. */
  readonly route: string | undefined;
  readonly upstream: string | undefined;
  readonly backend: string | undefined;
  /** `http`, `sse` for event streams, `websocket` for upgrades to any protocol. */
  readonly protocol: 'http' | 'sse' | 'websocket';
}

/** An exchange, or a tunnel, that has ended. */
export interface ExchangeEndEvent extends ExchangeEvent {
  /** What the client got; 499 when it went away first. */
  readonly status: number;
  /** The code of the gateway's error; undefined: there was none. */
  readonly error: string | undefined;
  /** How many backends were asked; 0: none. */
  readonly attempts: number;
  /** Milliseconds since its head was there. */
  readonly duration: number;
  /** Bytes of bodies, or of the tunnel, from and to the client. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The verdict of health checks on a backend has changed. */
export interface BackendHealthEvent {
  /** Name of the upstream. */
  readonly upstream: string;
  /** Id of the backend. */
  readonly backend: string;
  readonly healthy: boolean;
}

/** The gateway begins to end. */
export interface DrainEvent {
  /** Exchanges in flight. */
  readonly exchanges: number;
}

/** What happens in a gateway, by name. */
export interface GatewayEventMap {
  /** An exchange is over: its answer, or the tunnel that it had become. */
  'exchange.end': ExchangeEndEvent;
  'circuit.change': CircuitEvent;
  'backend.health': BackendHealthEvent;
  /** An upgrade was made. */
  'tunnel.open': ExchangeEvent;
  'tunnel.close': ExchangeEndEvent;
  /** It takes no new traffic: readiness says 503 from now on. */
  drain: DrainEvent;
  /** Another configuration is in force. */
  reload: AppliedConfig;
}

/** The name of something that happens in a gateway. */
export type GatewayEventName = keyof GatewayEventMap;

type Listener = (event: never) => unknown;

/** What happens in a gateway, for code of an application: `events.on('exchange.end', ({ status }) => …)`. */
@Injectable()
export class GatewayEvents {
  readonly #listeners = new Map<GatewayEventName, Set<Listener>>();
  readonly #unhealthy = new Set<string>();

  constructor(
    private readonly exchanges: Exchanges,
    breakers: CircuitBreakers,
    upstreams: Upstreams,
    live: LiveConfig,
    readiness: Readiness,
    @Inject(PINO) private readonly log: Logger,
  ) {
    breakers.events.subscribe(event => this.#emit('circuit.change', event));
    upstreams.onChange(upstream => this.#look(upstream));
    live.whenApplied = applied => this.#emit('reload', applied);
    readiness.whenDrained = () => this.#emit('drain', { exchanges: exchanges.open });
  }

  /**
   * Calls `listener` with each event of that name from now on, until the function is called that it gives. What it throws, or rejects with, is logged, and hurts neither the exchange nor
   * other listeners. It is called while the gateway works, and must not take long.
   */
  on<Name extends GatewayEventName>(name: Name, listener: (event: GatewayEventMap[Name]) => unknown): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    this.#watch();
    return () => {
      listeners.delete(listener);
      this.#watch();
    };
  }

  #has(name: GatewayEventName): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  /** Exchanges tell of themselves only while something listens. */
  #watch(): void {
    const isHeard = this.#has('exchange.end') || this.#has('tunnel.open') || this.#has('tunnel.close');
    this.exchanges.watcher = !isHeard
      ? undefined
      : {
          ended: exchange => {
            if (exchange.tunnelled && this.#has('tunnel.close')) this.#emit('tunnel.close', endOf(exchange));
            if (this.#has('exchange.end')) this.#emit('exchange.end', endOf(exchange));
          },
          tunnelOpened: exchange => {
            if (this.#has('tunnel.open')) this.#emit('tunnel.open', viewOf(exchange));
          },
        };
  }

  #look({ backends, name: upstream }: Upstream): void {
    for (const { id: backend, vetoes } of backends) {
      const key = `${upstream}/${backend}`;
      const healthy = !vetoes.has('unhealthy');
      if (healthy !== this.#unhealthy.has(key)) continue;
      if (healthy) this.#unhealthy.delete(key);
      else this.#unhealthy.add(key);
      this.#emit('backend.health', { upstream, backend, healthy });
    }
  }

  #emit<Name extends GatewayEventName>(name: Name, event: GatewayEventMap[Name]): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        const result = listener(event as never);
        if (result instanceof Promise) result.catch((error: unknown) => this.#report(name, error));
      } catch (error) {
        this.#report(name, error);
      }
    }
  }

  #report(name: string, error: unknown): void {
    this.log.error({ event: name, err: error }, 'a listener of an event has failed');
  }
}

function viewOf(exchange: Exchange): ExchangeEvent {
  const { backendId: backend, clientIp, headers, host, id, identity, listener, method, path, protocol } = exchange;
  const { routeName: route, upstreamName: upstream } = exchange;
  return { backend, clientIp, headers, host, id, identity, listener, method, path, protocol, route, upstream };
}

function endOf(exchange: Exchange): ExchangeEndEvent {
  const { attempts, bytesIn, bytesOut, errorCode: error, status, times } = exchange;
  const duration = times.closedAt - times.openedAt;
  return { ...viewOf(exchange), attempts, bytesIn, bytesOut, duration, error, status };
}
