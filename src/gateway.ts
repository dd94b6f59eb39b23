import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import type { Logger as Pino } from 'pino';
import { Registry } from 'prom-client';
import { AdminServer } from './admin/admin-server.js';
import type { GatewayConfig } from './config/file/gateway.config.js';
import { ApplicationModule, type GatewayOptions } from './application.module.js';
import { Readiness } from './health/readiness.js';
import { TrustedProxies } from './http/client-address.js';
import { AccessLog } from './logging/access-log.js';
import { LogDestination } from './logging/destination.js';
import { PINO } from './logging/logging.module.js';
import { CertificateMetrics } from './metrics/certificate-metrics.js';
import { ConnectionMetrics } from './metrics/connection-metrics.js';
import { ExchangeMetrics } from './metrics/exchange-metrics.js';
import { MetricsSources } from './metrics/metrics-sources.js';
import { Admission } from './proxy/admission.js';
import { Dispatcher } from './proxy/dispatcher.js';
import { openFiles } from './platform/open-files.js';
import { Exchanges } from './proxy/exchanges.js';
import { gatewayAdapter } from './proxy/gateway-adapter.js';
import { LongLived } from './proxy/lasting/long-lived.js';
import { RoutePlans } from './proxy/plan/route-plans.js';
import { describeRoutes } from './routing/describe.js';
import { ClientErrors } from './listeners/client-errors.js';
import { drain } from './process/drain.js';
import { redirectToHttps } from './listeners/https-redirect.js';
import { authority, Listener, type ListenerServices } from './listeners/listener.js';
import { ShortageLog } from './process/shortage-log.js';
import { StartError } from './listeners/start-error.js';
import { policiesFor } from './security/controllers/policies-for.js';
import type { RequestPolicy } from './security/policy.js';
import { RoutePolicies } from './security/route-policies.js';
import { Upstreams } from './upstream/upstreams.js';
import { UpgradeServer } from './websocket/upgrade-server.js';
import { UpgradeAdapter } from './websocket/upgrade.adapter.js';

/** Of a listener that answers everybody with a redirect. */
const noUpgrades: ListenerServices['upgrades'] = { offer: () => undefined, take: (_, socket) => void socket.destroy() };

/** Room for line ends and separators beside the bytes that the limits count. */
const headSlack = 4096;

/**
 * Builds the whole application from a configuration: the same for `npm start`, for tests and for embedding.
 * Nothing listens before `start`. Rejects, in one line, when the configuration names what does not exist.
 */
export async function createGateway(config: GatewayConfig, options: GatewayOptions = {}): Promise<Gateway> {
  const { embedded = false } = options;
  const app = await NestFactory.create<NestFastifyApplication>(
    ApplicationModule.forRoot(config, options),
    gatewayAdapter(),
    { bodyParser: false, abortOnError: false, ...(!embedded && { logger: false }) },
  );
  try {
    return await assemble(config, app, embedded);
  } catch (error) {
    // What it has begun (timers, watches, connections to stores) must not outlive it.
    await app.close().catch(() => {});
    throw error;
  }
}

async function assemble(config: GatewayConfig, app: NestFastifyApplication, embedded: boolean): Promise<Gateway> {
  const logger = app.get(Logger);
  if (!embedded) app.useLogger(logger);
  app.useWebSocketAdapter(new UpgradeAdapter(app.get(UpgradeServer)));
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const readiness = new Readiness();
  const upstreams = app.get(Upstreams);
  const table = app.get(RoutePlans).table;
  const admin = await AdminServer.create({
    ...(!embedded && { logger }),
    token: config.admin.token,
    sources: {
      readiness,
      metrics: app.get(Registry),
      routes: () => describeRoutes(table),
      upstreams: () => upstreams,
    },
  });
  return new Gateway(config, app, admin, readiness);
}

/** A gateway: its listeners for clients, its admin listener, and the Nest application behind them. */
export class Gateway {
  readonly listeners: readonly Listener[];
  readonly #log: Pino;
  readonly #exchanges: Exchanges;
  #stopped: Promise<number> | undefined;
  #unwatch: (() => void) | undefined;

  constructor(
    private readonly config: GatewayConfig,
    readonly app: NestFastifyApplication,
    private readonly admin: AdminServer,
    private readonly readiness: Readiness,
  ) {
    this.#log = app.get<Pino>(PINO);
    const exchanges = (this.#exchanges = app.get(Exchanges));
    const head = config.security.validation;
    const admission = new Admission(app.get(Dispatcher));
    const upgrades = app.get(UpgradeServer);
    const services: ListenerServices = {
      upgrades,
      streams: {
        head,
        handle: (stream, request, message, listener) => {
          const exchange = exchanges.beginStream(stream, request, message, listener);
          if (exchange === undefined) return;
          if (request.protocol === undefined) admission.admit(exchange);
          else upgrades.takeStream(exchange, request.protocol);
        },
      },
      errors: new ClientErrors(exchanges, app.get(AccessLog), app.get(ExchangeMetrics)),
      trusted: new TrustedProxies(config.trustedProxies),
      connections: app.get(ConnectionMetrics),
      certificates: app.get(CertificateMetrics),
      log: this.#log,
    };
    const fastify = app.getHttpAdapter().getInstance();
    const { maxUrl, maxHeaderSize } = head;
    this.listeners = config.listeners.map(
      settings =>
        new Listener(
          settings,
          maxUrl + maxHeaderSize + headSlack,
          (request, response, listener, expectsContinue) => {
            const exchange = exchanges.begin(request, response, listener, expectsContinue);
            if (exchange === undefined) return;
            if (settings.redirectToHttps !== undefined) redirectToHttps(exchange, settings.redirectToHttps);
            else if (response.socket !== null) fastify.routing(request, response);
            // A pipelined message: its turn comes when those before it are answered, as on other proxies.
            else response.once('socket', () => exchange.closedAt === 0 && fastify.routing(request, response));
          },
          settings.redirectToHttps === undefined ? services : { ...services, upgrades: noUpgrades },
        ),
    );
    const states = () => this.listeners.map(({ name, connections }) => ({ listener: name, connections }));
    app.get(MetricsSources).addListeners(states);
  }

  /**
   * Opens the admin listener and the listeners. Rejects with a {@link StartError} when an address cannot be had; nothing
   * is left open then.
   */
  async start(): Promise<void> {
    this.#unwatch = openFiles.shortage.watch(new ShortageLog(this.#log));
    try {
      const { host, port } = this.config.admin;
      await this.admin
        .listen(port, host)
        .catch(StartError.rethrow(`admin.port: cannot listen on ${authority(host, port)}`));
      for (const listener of this.listeners) await listener.listen();
    } catch (error) {
      await this.stop(0);
      throw error;
    }
    // A signal may have come while the addresses were being taken.
    if (this.#stopped !== undefined) return;
    this.readiness.ready();
    for (const { name, url } of this.listeners) this.#log.info({ listener: name, url }, 'listening');
    this.#log.info({ listener: 'admin', url: this.adminUrl }, 'listening');
  }

  /** Where operators reach it: `http://127.0.0.1:9901`. Throws before `start`. */
  get adminUrl(): string {
    const { address, family, port } = this.admin.address;
    return family === 'IPv6' ? `http://[${address}]:${port}` : `http://${address}:${port}`;
  }

  /**
   * The policies that a `security` block asks for, for `@UsePolicies(token)` on controllers of your own: they share limits, stores and
   * keys with the gateway. Rejects with a ConfigError for settings that are wrong, `cors` and `headers` among them.
   *
   * ```ts
   * const guarded = { provide: 'guarded', inject: [Gateway], useFactory: (gateway: Gateway) => gateway.policies({ auth }) };
   * ```
   */
  policies(security: object): Promise<readonly RequestPolicy[]> {
    return policiesFor(this.app.get(RoutePolicies), security);
  }

  /**
   * Ends gracefully within `grace` milliseconds (default: `shutdown.grace`): readiness says 503, no new connections, what is
   * in flight may finish. Resolves with the number of exchanges that had to be cut.
   */
  stop(grace: number = this.config.shutdown.grace): Promise<number> {
    return (this.#stopped ??= this.#stop(grace));
  }

  async #stop(grace: number): Promise<number> {
    this.readiness.drain();
    const drained = drain(this.listeners, this.#exchanges, grace);
    this.app.get(LongLived).drain();
    const cut = await drained;
    if (cut > 0) this.#log.warn({ exchanges: cut }, 'cut what did not end within shutdown.grace');
    await this.admin.close();
    this.#unwatch?.();
    const destination = this.app.get(LogDestination);
    await this.app.close();
    await destination.close();
    return cut;
  }
}
