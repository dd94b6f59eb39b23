import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import { GatewayError } from '../http/gateway-error.js';
import { Admission } from '../proxy/admission.js';
import { Dispatcher } from '../proxy/dispatcher.js';
import type { Exchange } from '../proxy/exchange.js';
import type { RoutePlan } from '../proxy/plan/route-plan.js';
import { handshakeFault } from './handshake.js';
import type { UpgradeExchange } from './upgrade-exchange.js';

const denied = (status: number, detail: string, headers: readonly string[] = []): GatewayError =>
  new GatewayError('DENIED', detail, undefined, status, headers);
const forbidden = denied(403, 'WebSocket connections are not accepted here.');
const foreign = denied(403, 'WebSocket connections from pages of this origin are not accepted.');
const full = new GatewayError(
  'QUEUE_FULL',
  'Too many upgraded connections are open.',
  'websocket.maxConnections',
  503,
  ['Retry-After', '1'],
);

/**
 * Where upgrades arrive. Each has the same way as any exchange: its policies, the checks of its own, then the dispatcher, which
 * picks a backend and has it asked. When that agrees, the connection becomes a tunnel.
 */
@WebSocketGateway()
export class TunnelGateway implements OnGatewayConnection<Exchange> {
  readonly #admission: Admission;

  constructor(private readonly dispatcher: Dispatcher) {
    this.#admission = new Admission({ dispatch: exchange => this.#enter(exchange) });
  }

  handleConnection(exchange: Exchange): void {
    this.#admission.admit(exchange);
  }

  #enter(exchange: Exchange): void {
    const { plan } = exchange;
    if (plan !== undefined && plan.action.kind === 'forward' && exchange.error === undefined) {
      const refusal = this.#refusal(exchange, plan);
      if (refusal !== undefined) return exchange.fail(refusal);
      (exchange.upgrade as UpgradeExchange).prove(exchange);
    }
    this.dispatcher.dispatch(exchange);
  }

  #refusal(exchange: Exchange, plan: RoutePlan): GatewayError | undefined {
    const { headers, upgrade } = exchange;
    if (!plan.upgrades.settings.enabled) return forbidden;
    if (upgrade?.protocol.toLowerCase() === 'websocket') {
      const fault = handshakeFault(headers, exchange.httpVersion === '2.0');
      if (fault !== undefined) return denied(fault.status, fault.detail, fault.headers);
    }
    if (!plan.upgrades.accepts(headers.origin)) return foreign;
    return exchange.takePlace(plan.upgrades.places) ? undefined : full;
  }
}
