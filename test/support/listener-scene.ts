import pino from 'pino';
import { Counter } from 'prom-client';
import { TrustedProxies } from '../../src/http/client-address.js';
import { Listener, type HandleRequest, type ListenerSettings } from '../../src/listeners/listener.js';
import { TicketSecret } from '../../src/listeners/tls/ticket-secret.js';
import type { CertificateMetrics } from '../../src/metrics/certificate-metrics.js';
import { ConnectionMetrics } from '../../src/metrics/connection-metrics.js';
import { closeLater } from './cleanup.js';
import { answer } from './connection-scene.js';

const limits = {
  connections: 10,
  connectionsPerClient: 0,
  headerTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  requestsPerConnection: 0,
  minBodyRate: 0,
  writeTimeout: 0,
};

/** What is different in the settings of a listener. */
export type ListenerChanges = Partial<Omit<ListenerSettings, 'limits'>> & { readonly limits?: Partial<typeof limits> };

const ok: HandleRequest = (_message, channel) => answer(channel);

/** The settings of a listener on a free port of loopback. */
export function listenerSettings({ limits: limited, ...changes }: ListenerChanges = {}): ListenerSettings {
  return {
    name: 'web',
    host: '127.0.0.1',
    port: 0,
    proxyProtocol: false,
    trustUnknown: false,
    http2: false,
    h2c: false,
    ...changes,
    limits: { ...limits, ...limited },
  };
}

/** A listener on a free port of loopback that answers everything with `ok`. Closed when the test has finished. */
export function listenerWith(changes: ListenerChanges = {}, handle: HandleRequest = ok) {
  return listenerOf(listenerSettings(changes), handle);
}

/** The same with just these settings. */
export function listenerOf(settings: ListenerSettings, handle: HandleRequest = ok) {
  const refusals = new Counter({ name: 'x', help: 'x', labelNames: ['listener', 'reason'], registers: [] });
  const told: string[] = [];
  const sut = new Listener(settings, { maxHead: 16_384 }, handle, {
    errors: {
      refuse: (trouble, socket, { name }) => {
        told.push(`${name}: refused, ${typeof trouble === 'string' ? trouble : trouble.kind}`);
        socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      },
      breakOff: (trouble, socket) => {
        told.push(`broken off, ${typeof trouble === 'string' ? trouble : trouble.kind}`);
        socket.destroy();
      },
    },
    over: (_socket, isWhole) => void told.push(isWhole ? 'whole' : 'gone'),
    streams: {
      handle: stream => stream.end('over HTTP/2'),
      head: { maxHeaders: 100, maxHeaderSize: 16_384, maxUrl: 8_192 },
    },
    trusted: new TrustedProxies([]),
    connections: new ConnectionMetrics(refusals),
    certificates: undefined as unknown as CertificateMetrics,
    tickets: new TicketSecret({ role: 'worker' }),
    log: pino({ level: 'silent' }),
  });
  closeLater(() => sut.close());
  const refused = async () =>
    (await refusals.get()).values.map(({ labels, value }) => [labels['listener'], labels['reason'], value]);
  return { sut, refused, told };
}
