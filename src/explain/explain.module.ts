import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { authority } from '../listeners/listener.js';
import { BearerToken } from '../admin/bearer-token.js';
import { GATEWAY_CONFIG } from '../config/config.module.js';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { TrustedProxies } from '../http/client-address.js';
import { PINO } from '../logging/logging.module.js';
import { LiveConfig } from '../process/live-config.js';
import { LiveConfigModule } from '../process/live-config.module.js';
import { Entrance } from '../proxy/entrance.js';
import { Exchanges } from '../proxy/exchanges.js';
import { LiveRules } from '../proxy/live-rules.js';
import { Overload } from '../proxy/overload.js';
import { ProxyModule } from '../proxy/proxy.module.js';
import { BackendControl } from '../upstream/control/backend-control.js';
import { Tracing } from '../tracing/tracing.js';
import { AskedRequests } from './asked-request.js';
import { Explainer } from './explainer.js';
import { Explanations } from './explanations.js';
import { ExplanationsModule } from './explanations.module.js';
import { RequestExplanations } from './request-explanations.js';

/** Explanations of what becomes of requests: of those that are asked about, and, where there is an admin token, of real ones that carry it. */
@Module({
  imports: [ExplanationsModule, LiveConfigModule, ProxyModule],
  providers: [
    {
      provide: Explainer,
      inject: [LiveRules, TrustedProxies, Overload, BackendControl, LiveConfig, Tracing],
      useFactory: (
        rules: LiveRules,
        trusted: TrustedProxies,
        overload: Overload,
        control: BackendControl,
        live: LiveConfig,
        tracing: Tracing,
      ) =>
        new Explainer(
          new AskedRequests(rules, trusted, overload, tracing),
          rules,
          control,
          () => live.current.listeners,
        ),
    },
  ],
  exports: [Explainer, ExplanationsModule],
})
export class ExplainModule implements OnModuleInit {
  constructor(
    private readonly explainer: Explainer,
    private readonly explanations: Explanations,
    private readonly exchanges: Exchanges,
    private readonly entrance: Entrance,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    @Inject(PINO) private readonly log: Logger,
  ) {}

  onModuleInit(): void {
    const { host, port, token } = this.config.admin;
    if (token === undefined || token === '') return;
    const address = port === 0 ? '' : `http://${authority(host, port)}`;
    const requests = new RequestExplanations(
      this.explainer,
      this.explanations,
      new BearerToken(token),
      address,
      this.log,
    );
    this.exchanges.explained = this.entrance.explained = requests;
  }
}
