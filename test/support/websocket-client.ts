import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket, type ClientOptions, type RawData } from 'ws';
import { closeLater } from './cleanup.js';
import { eventually, patience, within } from './poll.js';

/** How a WebSocket is opened. */
export interface OpenOptions extends ClientOptions {
  /** With its query. Default `/`. */
  readonly path?: string;
  readonly protocols?: string[];
  /** Speaks TLS, and takes any certificate. */
  readonly secure?: boolean;
}

/** A client of the `ws` package that keeps all that has come. */
export class WebSocketClient {
  /** Messages that have arrived and that the test has not read yet. */
  readonly #waiting: string[] = [];
  readonly pings: string[] = [];
  readonly pongs: string[] = [];
  /** Code and reason, once it is closed. */
  ended: readonly [code: number, reason: string] | undefined;
  /** The answer to its handshake. */
  response: IncomingMessage | undefined;

  constructor(readonly socket: WebSocket) {
    socket
      .on('error', () => {})
      .on('upgrade', response => (this.response = response))
      .on('message', (data: RawData) => this.#waiting.push((data as Buffer).toString()))
      .on('ping', data => this.pings.push(data.toString()))
      .on('pong', data => this.pongs.push(data.toString()))
      .on('close', (code, reason) => (this.ended = [code, reason.toString()]));
  }

  /** The next message, as text. */
  async next(): Promise<string> {
    await eventually(() => this.#waiting.length > 0, { what: 'a message' });
    return this.#waiting.shift()!;
  }

  /** Sends a message and gives the next that comes. */
  async ask(message: string): Promise<string> {
    this.socket.send(message);
    return this.next();
  }

  /** Waits for its end; gives code and reason. */
  async closed(deadline = patience): Promise<readonly [code: number, reason: string]> {
    return eventually(() => this.ended ?? false, { deadline, what: 'the end of a WebSocket' });
  }
}

function connect(port: number, { path = '/', protocols = [], secure = false, ...options }: OpenOptions): WebSocket {
  const url = `${secure ? 'wss' : 'ws'}://127.0.0.1:${port}${path}`;
  const socket = new WebSocket(url, protocols, { rejectUnauthorized: false, ...options });
  closeLater(() => socket.terminate());
  return socket;
}

/** Opens a WebSocket to 127.0.0.1. Rejects when it is refused. Cut when the test has finished. */
export async function openWebSocket(port: number, options: OpenOptions = {}): Promise<WebSocketClient> {
  const client = new WebSocketClient(connect(port, options));
  await within(once(client.socket, 'open'), patience, 'the opening of a WebSocket');
  return client;
}

/** Asks for a WebSocket that is refused; gives the response. Rejects when it is opened. */
export async function refusedWebSocket(port: number, options: OpenOptions = {}): Promise<IncomingMessage> {
  const socket = connect(port, options);
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    socket
      .on('unexpected-response', (_, answer) => resolve(answer.resume()))
      .on('open', () => reject(new Error('it was opened')))
      .on('error', reject);
  });
  return within(response, patience, 'the refusal of a WebSocket');
}
