import { Injectable, type Provider } from '@nestjs/common';
import { InjectMetric, makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { Counter } from 'prom-client';

/** Why a connection was ended before it could carry a request. */
export type ConnectionRefusal =
  | 'limit'
  | 'client'
  | 'descriptors'
  | 'proxy-untrusted'
  | 'proxy-malformed'
  | 'proxy-timeout'
  | 'proxy-closed'
  | 'tls-version'
  | 'tls-cipher'
  | 'tls-protocol'
  | 'tls-client-certificate'
  | 'tls-alert'
  | 'tls-not-tls'
  | 'tls-timeout'
  | 'tls-closed'
  | 'tls-failed';

/** Records the connections that were ended before they could carry a request. */
@Injectable()
export class ConnectionMetrics {
  constructor(@InjectMetric('gatehouse_connections_refused_total') private readonly refusals: Counter<string>) {}

  refused(listener: string, reason: ConnectionRefusal): void {
    this.refusals.inc({ listener, reason });
  }
}

/** {@link ConnectionMetrics} and the provider of its metric. */
export function connectionMetricProviders(): Provider[] {
  return [
    ConnectionMetrics,
    makeCounterProvider({
      name: 'gatehouse_connections_refused_total',
      help: 'Client connections that ended before they could carry a request, by why: over the limit of the listener or of one client, for want of descriptors, or at the PROXY header or the TLS handshake.',
      labelNames: ['listener', 'reason'],
      registers: [],
    }),
  ];
}
