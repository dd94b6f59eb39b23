import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { TrustedProxies } from '../http/client-address.js';
import { PINO } from '../logging/logging.module.js';
import { CertificateMetrics } from '../metrics/certificate-metrics.js';
import { ConnectionMetrics } from '../metrics/connection-metrics.js';
import { MetricsSources } from '../metrics/metrics-sources.js';
import { quickenStringMethods } from '../platform/string-methods.js';
import { Entrance } from '../proxy/entrance.js';
import { Exchanges } from '../proxy/exchanges.js';
import { Upgrades } from '../proxy/upgrades.js';
import { ClientErrors } from './client-errors.js';
import { redirectToHttps } from './https-redirect.js';
import { Listener, type ListenerServices, type ListenerSettings, type HandleRequest } from './listener.js';

/** Bytes for line ends and separators, in addition to the bytes that the limits count. */
const headSlack = 4096;

/** The listeners of the configuration. None listens before {@link listen}. */
@Injectable()
export class Listeners {
  readonly all: readonly Listener[];

  constructor(
    @Inject(GATEWAY_CONFIG) config: GatewayConfig,
    private readonly exchanges: Exchanges,
    private readonly entrance: Entrance,
    private readonly upgrades: Upgrades,
    errors: ClientErrors,
    trusted: TrustedProxies,
    connections: ConnectionMetrics,
    certificates: CertificateMetrics,
    @Inject(PINO) log: Logger,
    sources: MetricsSources,
  ) {
    const head = config.security.validation;
    const services: ListenerServices = {
      streams: {
        head,
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
      log,
    };
    const maxHead = head.maxUrl + head.maxHeaderSize + headSlack;
    this.all = config.listeners.map(settings => {
      const { redirectToHttps: port } = settings;
      const handle = port === undefined ? this.#take() : this.#redirect(port);
      return new Listener(settings as ListenerSettings, maxHead, handle, services);
    });
    sources.addListeners(() => this.all.map(({ name, connections }) => ({ listener: name, connections })));
  }

  /** Opens them, one after the other. Rejects with a StartError when an address cannot be used. */
  async listen(): Promise<void> {
    // By now all that the application is made of has been loaded.
    quickenStringMethods();
    for (const listener of this.all) await listener.listen();
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
