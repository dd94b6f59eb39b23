import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import { UNIX_PEER, type TrustedProxies } from '../http/client-address.js';
import type { ConnectionMetrics, ConnectionRefusal } from '../metrics/connection-metrics.js';
import { introduce } from '../proxy/client/client-connection.js';
import { readProxyHeader } from './proxy-protocol.js';

/** Options of the gate of a listener. */
interface ProxyProtocolOptions {
  readonly listener: string;
  readonly unix: boolean;
  /** Milliseconds in which the header must have arrived; 0 = no limit. */
  readonly timeout: number;
  readonly trusted: TrustedProxies;
  /** Whether to believe the forwarding fields of a trusted proxy also on connections whose header does not name the client. */
  readonly trustUnknown: boolean;
  readonly metrics: ConnectionMetrics;
  readonly log: Logger;
}

/**
 * Reads the PROXY protocol header at the beginning of each connection, before TLS and HTTP see a byte. Closes connections that
 * do not come from a trusted proxy or have no valid header. On a unix socket, every process that may connect is trusted.
 */
export class ProxyProtocolGate {
  constructor(private readonly options: ProxyProtocolOptions) {}

  /** Calls `proceed` when the header has been read; the bytes after it are still unread then. */
  admit(socket: Socket, proceed: () => void): void {
    const { timeout, trusted, unix } = this.options;
    const onError = (): void => void socket.destroy();
    if (!unix && !trusted.isTrusted(socket.remoteAddress)) {
      socket.on('error', onError);
      this.#refuse(socket, 'proxy-untrusted');
      return;
    }
    let held: Buffer = Buffer.alloc(0);
    const timer = timeout > 0 ? setTimeout(() => refuse('proxy-timeout'), timeout).unref() : undefined;
    const leave = (): void => {
      clearTimeout(timer);
      socket.off('readable', onReadable).off('end', onEnd).off('error', onError).off('close', onClose);
    };
    const refuse = (reason: ConnectionRefusal): void => {
      leave();
      socket.on('error', onError);
      this.#refuse(socket, reason);
    };
    const onEnd = (): void => refuse('proxy-closed');
    const onClose = (): void => refuse('proxy-closed');
    const onReadable = (): void => {
      for (let chunk = read(socket); chunk !== null; chunk = read(socket)) {
        held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
        const header = readProxyHeader(held);
        if (header === 'more') continue;
        if (header === 'malformed') return refuse('proxy-malformed');
        leave();
        const rest = held.subarray(header.length);
        if (rest.length > 0) socket.unshift(rest);
        const peer = header.source === 'header' ? { address: header.address } : undefined;
        const clientUnknown = header.source === 'socket' && !this.options.trustUnknown;
        introduce(socket, { peer, prelude: header.length, certificate: undefined, clientUnknown });
        return proceed();
      }
    };
    socket.on('readable', onReadable).on('end', onEnd).on('error', onError).on('close', onClose);
  }

  #refuse(socket: Socket, reason: ConnectionRefusal): void {
    const { listener, log, metrics } = this.options;
    const peer = socket.remoteAddress ?? UNIX_PEER;
    socket.destroy();
    metrics.refused(listener, reason);
    log.debug({ listener, peer, reason }, 'connection refused');
  }
}

function read(socket: Socket): Buffer | null {
  return socket.read() as Buffer | null;
}
