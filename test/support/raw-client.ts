import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { closeLater } from './cleanup.js';
import { type ConnectionState, type RawResponse, readResponse } from './http-response.js';
import { patience, within } from './poll.js';
import { ReceivedBytes } from './received-bytes.js';

/** Where and how a raw client connects. */
export interface ConnectOptions {
  /** Connect to this unix socket; the port is ignored. */
  readonly socketPath?: string;
  /** Speak TLS. Default: plain TCP. */
  readonly tls?: tls.ConnectionOptions;
  /** Local address, for tests with several clients (`127.0.0.2`). */
  readonly localAddress?: string;
}

/** A client connection under the test's full control: bytes out, responses in, one after the other. */
export class RawClient {
  readonly #bytes = new ReceivedBytes();
  #used = 0;
  #state: ConnectionState = 'open';
  #changed = Promise.withResolvers<void>();

  constructor(readonly socket: net.Socket) {
    socket.on('data', (chunk: Buffer) => {
      this.#bytes.add(chunk);
      this.#wake();
    });
    socket.on('end', () => this.#ended('end'));
    socket.on('error', () => this.#ended('reset'));
    socket.on('close', () => this.#ended('end'));
  }

  /** All bytes that came, over all responses. */
  get received(): Buffer {
    return this.#bytes.all;
  }

  /** `open` until the server closed (`end`) or reset the connection. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** The bytes that came and belong to no response that was read: after an upgrade, the tunnel's. */
  get rest(): Buffer {
    return this.received.subarray(this.#used);
  }

  /** Sends bytes as they are; a string as latin1. */
  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends FIN and goes on reading. */
  half(): void {
    this.socket.end();
  }

  /** Goes away with a RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Goes away. */
  close(): void {
    this.socket.destroy();
  }

  /** Stops reading, so that the server meets back-pressure. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  /**
   * The next response, whole or broken: look at `ending` or `clean`. Never rejects; `timeout` (ms, default 5000) gives what came.
   * `method` is that of the request it answers (default GET): HEAD has no body.
   */
  async response({ method = 'GET', timeout = 5000 } = {}): Promise<RawResponse> {
    const until = performance.now() + timeout;
    for (;;) {
      const left = until - performance.now();
      const found = readResponse(this.rest, method, this.#state === 'open' && left <= 0 ? 'timeout' : this.#state);
      if (found) {
        this.#used += found.used;
        return found.response;
      }
      await this.#change(left);
    }
  }

  /**
   * Waits until the bytes that no response has used hold `text`; gives them.
   * @throws Error when the connection ends before, or after `deadline` ms.
   */
  async until(text: string, deadline = patience): Promise<Buffer> {
    const wait = async (): Promise<Buffer> => {
      while (!this.rest.includes(text, 0, 'latin1')) {
        if (this.#state !== 'open')
          throw new Error(`connection ended before ${JSON.stringify(text)}: ${this.rest.toString('latin1')}`);
        await this.#changed.promise;
      }
      return this.rest;
    };
    return within(wait(), deadline, `${JSON.stringify(text)} from the server`);
  }

  /** Waits for the end of the connection and says how it was. @throws Error after `deadline` ms. */
  async closed(deadline = patience): Promise<'end' | 'reset'> {
    const wait = async (): Promise<'end' | 'reset'> => {
      while (this.#state === 'open') await this.#changed.promise;
      return this.#state === 'reset' ? 'reset' : 'end';
    };
    return within(wait(), deadline, 'the end of the connection');
  }

  #ended(state: 'end' | 'reset'): void {
    // A reset may follow a FIN that was already seen, never the other way round.
    if (this.#state === 'open' || state === 'reset') this.#state = state;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #change(limit: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>(resolve => (timer = setTimeout(resolve, Math.max(0, limit))));
    await Promise.race([this.#changed.promise, late]);
    clearTimeout(timer);
  }
}

/** Opens a connection to 127.0.0.1 and waits until it stands. Destroyed when the test has finished. */
export async function connectRaw(port: number, options: ConnectOptions = {}): Promise<RawClient> {
  const { socketPath, localAddress } = options;
  const target: net.NetConnectOpts =
    socketPath !== undefined
      ? { path: socketPath, allowHalfOpen: true }
      : {
          port,
          host: '127.0.0.1',
          allowHalfOpen: true,
          noDelay: true,
          ...(localAddress !== undefined && { localAddress }),
        };
  const plain = net.connect(target);
  const socket = options.tls ? tls.connect({ ...options.tls, socket: plain }) : plain;
  closeLater(() => {
    socket.destroy();
    plain.destroy();
  });
  await once(socket, options.tls ? 'secureConnect' : 'connect');
  return new RawClient(socket);
}

/** How a raw request is sent and awaited. */
export interface RawRequestOptions extends ConnectOptions {
  /** Milliseconds until it gives what came, with `ending: 'timeout'`. Default 5000. */
  readonly timeout?: number;
  /** True: FIN right after the bytes. */
  readonly half?: boolean;
  /** The method sent, when it is not the first word of the bytes. */
  readonly method?: string;
}

/**
 * Sends bytes on a connection of their own and gives the first response to them, whole or broken; then closes.
 * A string is sent as latin1, as it is: write every CRLF.
 */
export async function rawRequest(
  port: number,
  bytes: string | Uint8Array,
  options: RawRequestOptions = {},
): Promise<RawResponse> {
  const { timeout = 5000, half = false, method = firstWord(bytes) } = options;
  const client = await connectRaw(port, options);
  client.send(bytes);
  if (half) client.half();
  try {
    return await client.response({ method, timeout });
  } finally {
    client.close();
  }
}

function firstWord(bytes: string | Uint8Array): string {
  const text = typeof bytes === 'string' ? bytes : Buffer.from(bytes.subarray(0, 64)).toString('latin1');
  return /^[^\s]*/.exec(text)?.[0] ?? 'GET';
}
