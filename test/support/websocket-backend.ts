import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions as TlsOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws';
import { closeLater } from './cleanup.js';

/** A WebSocket server of the `ws` package on loopback, and what it has met. Closed when the test has finished. */
export class WebSocketBackend {
  /** Connections in the order of their handshakes, those that have ended too. */
  readonly sockets: WebSocket[] = [];
  /** The requests that they came with. */
  readonly requests: IncomingMessage[] = [];
  /** Codes and reasons with which they were closed, in order. */
  readonly closes: (readonly [code: number, reason: string])[] = [];

  constructor(
    readonly http: Server,
    readonly server: WebSocketServer,
    onSocket: (socket: WebSocket, request: IncomingMessage) => void,
  ) {
    server.on('connection', (socket, request) => {
      this.sockets.push(socket);
      this.requests.push(request);
      socket.on('error', () => {});
      socket.on('close', (code, reason) => this.closes.push([code, reason.toString()]));
      onSocket(socket, request);
    });
  }

  get port(): number {
    return (this.http.address() as AddressInfo).port;
  }

  /** Not of one on a unix socket. */
  get url(): string {
    return `${'setSecureContext' in this.http ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  /** Cuts every connection, as a process does that is killed. */
  kill(): void {
    this.http.close();
    this.http.closeAllConnections();
    for (const socket of this.sockets)
      (socket as WebSocket & { _socket: import('node:net').Socket })._socket.resetAndDestroy();
  }
}

/** Sends every message back as it came. */
export function echo(socket: WebSocket): void {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
}

/** Where a WebSocket server listens, instead of a port without TLS. */
export interface WebSocketAddress {
  readonly socketPath?: string;
  /** Serves TLS: at least `key` and `cert`. */
  readonly tls?: TlsOptions;
}

/** Starts a WebSocket server; by default an echo. */
export async function startWebSocketBackend(
  onSocket: (socket: WebSocket, request: IncomingMessage) => void = echo,
  options: ServerOptions = {},
  { socketPath, tls }: WebSocketAddress = {},
): Promise<WebSocketBackend> {
  const refuse: RequestListener = (_, response) => response.writeHead(426).end('upgrade required');
  const http = tls === undefined ? createServer(refuse) : createTlsServer(tls, refuse);
  const server = new WebSocketServer({ server: http, ...options });
  const backend = new WebSocketBackend(http, server, onSocket);
  if (socketPath === undefined) http.listen(0, '127.0.0.1');
  else http.listen(socketPath);
  await once(http, 'listening');
  closeLater(() => {
    for (const socket of server.clients) socket.terminate();
    http.close();
    http.closeAllConnections();
  });
  return backend;
}
