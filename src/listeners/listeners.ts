import { Inject, Injectable, Optional } from '@nestjs/common';
import type { Logger } from 'pino';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { LivePart, Transition } from '../config/live/transition.js';
import { TrustedProxies } from '../http/client-address.js';
import { PINO } from '../logging/logging.module.js';
import { CertificateMetrics } from '../metrics/certificate-metrics.js';
import { ConnectionMetrics } from '../metrics/connection-metrics.js';
import { MetricsSources } from '../metrics/metrics-sources.js';
import { quickenStringMethods } from '../platform/string-methods.js';
import { Entrance } from '../proxy/entrance.js';
import { Exchanges } from '../proxy/exchanges.js';
import { LongLived } from '../proxy/lasting/long-lived.js';
import type { HeadLimits } from '../proxy/locator.js';
import { Upgrades } from '../proxy/upgrades.js';
import { SharedCounts } from '../shared-memory/shared-counts.js';
import { THREAD, type Thread } from '../shared-memory/thread.js';
import { ClientErrors } from './client-errors.js';
import { redirectToHttps } from './https-redirect.js';
import { LeavingListeners } from './leaving-listeners.js';
import { checkFree, PORT_SHARING, type PortSharing } from './port-sharing.js';
import { Listener, type ListenerServices, type ListenerSettings, type HandleRequest } from './listener.js';
import { ListenersChange } from './listeners-change.js';
import { TicketSecret } from './tls/ticket-secret.js';

/** Bytes for line ends and separators, in addition to the bytes that the limits count. */
const headSlack = 4096;

/** The most bytes of request line and header fields that are read. */
const mostOf = ({ maxHeaderSize, maxUrl }: HeadLimits): number => maxUrl + maxHeaderSize + headSlack;

/** The listeners of the configuration. None listens before {@link listen}. */
@Injectable()
export class Listeners implements LivePart {
  #all: readonly Listener[];
  readonly #leaving: LeavingListeners;
  readonly #services: ListenerServices;
  /** What is read of a head. Listeners look at them for each connection. */
  readonly #head: HeadLimits;
  readonly #rules: { maxHead: number };
  #phase: 'closed' | 'open' | 'ended' = 'closed';
  /** What is prepared, and has not taken effect. */
  #change: ListenersChange | undefined;

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    private readonly exchanges: Exchanges,
    private readonly entrance: Entrance,
    private readonly upgrades: Upgrades,
    errors: ClientErrors,
    trusted: TrustedProxies,
    connections: ConnectionMetrics,
    certificates: CertificateMetrics,
    @Inject(PINO) private readonly log: Logger,
    sources: MetricsSources,
    longLived: LongLived,
    counts: SharedCounts,
    tickets: TicketSecret,
    @Optional() @Inject(THREAD) private readonly thread?: Thread,
    @Optional() @Inject(PORT_SHARING) private readonly sharing?: PortSharing,
  ) {
    const { maxHeaders, maxHeaderSize, maxUrl } = config.security.validation;
    this.#head = { maxHeaders, maxHeaderSize, maxUrl };
    this.#rules = { maxHead: mostOf(this.#head) };
    this.#leaving = new LeavingListeners(longLived);
    this.#services = {
      streams: {
        head: this.#head,
        handle: (stream, request, message, listener) => {
          // 1
          const exchange = exchanges.beginStream(stream, request, message, listener);
          if (exchange === undefined) return;
          if (request.protocol === undefined) entrance.enter(exchange);
          else upgrades.take(exchange, request.protocol);
        },
      },
      errors,
      over: (socket, isWhole) => exchanges.over(socket, isWhole),
      trusted,
      connections,
      certificates,
      tickets,
      log,
      isQuiet: thread !== undefined && thread.index > 1,
      counts,
    };
    this.#all = this.#own(config).map(settings => this.#make(settings));
    sources.addListeners(() => this.#states());
  }

  /** Those that a configuration asks of this thread: threads cannot share the path of a unix socket, which is for the first worker alone. */
  #own({ listeners }: GatewayConfig): readonly ListenerSettings[] {
    const all = listeners as ListenerSettings[];
    return this.thread === undefined || this.thread.index === 1 ? all : all.filter(({ unix }) => unix === undefined);
  }

  /** Its sockets could be opened beside those of other programs; where there are workers, the main thread looks. */
  get #checks(): boolean {
    return this.thread === undefined && this.sharing !== undefined;
  }

  #ports(): ReadonlySet<number> {
    return new Set([...this.#all, ...this.#leaving].flatMap(({ port }) => port ?? []));
  }

  /** All, with those that are prepared. */
  get opened(): readonly Listener[] {
    return this.#change?.next ?? this.#all;
  }

  /** Those of the configuration that is in force. */
  get all(): readonly Listener[] {
    return this.#all;
  }

  /** Opens them, one after the other. Rejects with a StartError when an address cannot be used. */
  async listen(): Promise<void> {
    // By now all that the application is made of has been loaded.
    quickenStringMethods();
    if (this.#checks && this.sharing?.beside === false) await checkFree(this.all.map(({ settings }) => settings));
    for (const listener of this.all) await listener.listen();
    if (this.#phase === 'closed') this.#phase = 'open';
  }

  /** Reads the certificates again now, and not only when the system tells of a change. */
  reloadCertificates(): void {
    for (const listener of this.#all) listener.reloadCertificates();
  }

  async prepare(transition: Transition): Promise<void> {
    if (this.#phase !== 'open')
      throw new Error(`the gateway is ${this.#phase === 'ended' ? 'shutting down' : 'not started'}`);
    if (this.#change !== undefined) throw new Error('another configuration is about to take effect');
    const { security, shutdown } = transition.to;
    const change = new ListenersChange(this.#all, this.#own(transition.to), settings => this.#make(settings));
    this.#change = change;
    transition.onDiscard(() => this.#discard(change));
    transition.onCommit(() => this.#commit(change, security.validation, shutdown.grace));
    try {
      if (this.#checks)
        await checkFree(
          change.next.map(({ settings }) => settings),
          this.#ports(),
        );
      await change.prepare();
    } catch (error) {
      if (this.#change === change) this.#change = undefined;
      throw error;
    }
  }

  /** The gateway shuts down: no change takes effect any more. Gives all listeners that have to end, also those that are about to go. `isFollowed`: another process goes on on their ports. */
  end(isFollowed = false): readonly Listener[] {
    this.#phase = 'ended';
    for (const { acceptor } of this.#all) if (acceptor !== undefined) acceptor.isFollowed = isFollowed;
    if (this.#change !== undefined) this.#discard(this.#change);
    this.#leaving.halt();
    return [...this.#all, ...this.#leaving];
  }

  #discard(change: ListenersChange): void {
    if (this.#change !== change) return;
    this.#change = undefined;
    change.undo();
  }

  #commit(change: ListenersChange, head: HeadLimits, grace: number): void {
    // The gateway began to shut down meanwhile.
    if (this.#change !== change) return;
    this.#change = undefined;
    const { maxHeaders, maxHeaderSize, maxUrl } = head;
    Object.assign(this.#head, { maxHeaders, maxHeaderSize, maxUrl });
    this.#rules.maxHead = mostOf(head);
    const before = this.#all;
    this.#all = change.next;
    change.commit(
      listener => this.#leaving.add(listener, listener.accepts ? grace : undefined),
      ({ name }, line) => this.log.error({ listener: name }, `${line}; trying again`),
    );
    this.#tell('listening', this.#all, before);
    this.#tell('no longer listening', before, this.#all);
  }

  /** Writes a line for each of `listeners` whose address is none of the same listener of `others`; for several threads the main thread does. */
  #tell(what: string, listeners: readonly Listener[], others: readonly Listener[]): void {
    if (this.thread !== undefined) return;
    for (const { name, url } of listeners) {
      if (!others.some(other => other.name === name && other.url === url)) this.log.info({ listener: name, url }, what);
    }
  }

  /** The open connections by the name of their listener, which those that are about to go may share. */
  #states(): Iterable<{ readonly listener: string; connections: number }> {
    const states = new Map<string, { readonly listener: string; connections: number }>();
    for (const { name, connections } of [...this.#all, ...this.#leaving]) {
      const state = states.get(name) ?? { listener: name, connections: 0 };
      state.connections += connections;
      states.set(name, state);
    }
    return states.values();
  }

  #make(settings: ListenerSettings): Listener {
    const { redirectToHttps: port } = settings;
    const handle = port === undefined ? this.#take() : this.#redirect(port);
    return new Listener(
      settings,
      this.#rules,
      handle,
      this.#services,
      this.thread !== undefined || this.sharing !== undefined,
    );
  }

  #take(): HandleRequest {
    const { entrance, exchanges, upgrades } = this;
    return (message, channel, listener) => {
      // 1
      const exchange = exchanges.begin(message, channel, listener);
      if (exchange === undefined) return;
      if (exchange.wantsEvents) channel.endWithClient();
      const protocol = exchanges.upgradeOf(exchange);
      if (protocol === undefined) entrance.enter(exchange);
      else upgrades.take(exchange, protocol, channel);
    };
  }

  #redirect(port: number): HandleRequest {
    return (message, channel, listener) => {
      // 1
      const exchange = this.exchanges.begin(message, channel, listener);
      if (exchange !== undefined) redirectToHttps(exchange, port);
    };
  }
}
