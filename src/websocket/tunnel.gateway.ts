import { Injectable, UseGuards } from '@nestjs/common';
import type { OnGatewayConnection } from '@nestjs/websockets';
import { GatewayError } from '../http/gateway-error.js';
import { Dispatcher } from '../proxy/dispatcher.js';
import type { ExchangeController } from '../proxy/entrance.js';
import type { Exchange } from '../proxy/exchange.js';
import type { OfExchange } from '../proxy/exchange-request.js';
import type { Upgrade } from '../proxy/lasting/upgrade.js';
import type { RoutePlan } from '../proxy/plan/route-plan.js';
import { denial } from '../security/denial.js';
import { ExchangeGuard } from '../security/exchange.guard.js';
import { handshakeFault } from './handshake.js';
import type { UpgradeExchange } from './upgrade-exchange.js';

const denied = (about: string, status: number, detail: string, headers?: readonly string[]): GatewayError =>
  denial('websocket', about, { status, detail, headers });
const forbidden = denied('not enabled', 403, 'WebSocket connections are not accepted here.');
const foreign = denied('origin', 403, 'WebSocket connections from pages of this origin are not accepted.');
/** `websocket.maxConnections` is reached. */
export const tooManyTunnels = new GatewayError(
  'QUEUE_FULL',
  'Too many upgraded connections are open.',
  'websocket.maxConnections',
  503,
  ['Retry-After', '1'],
  undefined,
  { limit: 'websocket.maxConnections' },
);

/**
 * Handles upgrades that the guards have let pass, over HTTP/1.1 and HTTP/2: checks the handshake, then calls the dispatcher,
 * which asks a backend. When the backend agrees, the connection becomes a tunnel. Not decorated with `@WebSocketGateway`: Nest
 * would open a WebSocket server on the port of the application around the gateway.
 */
@Injectable()
@UseGuards(ExchangeGuard)
export class TunnelGateway implements ExchangeController, OnGatewayConnection<Exchange> {
  constructor(private readonly dispatcher: Dispatcher) {}

  handle({ exchange }: OfExchange): Promise<void> | undefined {
    this.handleConnection(exchange);
    return exchange.response?.over;
  }

  handleConnection(exchange: Exchange): void {
    const { plan } = exchange;
    if (plan !== undefined && plan.action.kind === 'forward' && !exchange.isDecided) {
      const refusal = refusalOfUpgrade(exchange, plan);
      if (refusal !== undefined) return exchange.fail(refusal);
      if (!exchange.takePlace(plan.upgrades.places)) return exchange.fail(tooManyTunnels);
      (exchange.upgrade as UpgradeExchange).prove();
    }
    this.dispatcher.dispatch(exchange);
  }
}

/** Why an upgrade is refused before a backend is asked, apart from `maxConnections`; undefined: it is not. */
export function refusalOfUpgrade(
  {
    headers,
    httpVersion,
    upgrade,
  }: Pick<Exchange, 'headers' | 'httpVersion'> & {
    readonly upgrade: Pick<Upgrade, 'protocol'> | undefined;
  },
  { upgrades }: Pick<RoutePlan, 'upgrades'>,
): GatewayError | undefined {
  if (!upgrades.settings.enabled) return forbidden;
  if (upgrade?.protocol.toLowerCase() === 'websocket') {
    const fault = handshakeFault(headers, httpVersion === '2.0');
    if (fault !== undefined) return denied('handshake', fault.status, fault.detail, fault.headers);
  }
  return upgrades.accepts(headers.origin) ? undefined : foreign;
}
