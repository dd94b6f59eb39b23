import { once } from 'node:events';
import net from 'node:net';
import { closeLater } from './cleanup.js';
import { patience, within } from './poll.js';
import { ReceivedBytes } from './received-bytes.js';

/** One connection to a raw backend: the bytes that arrived, and ways to answer or misbehave. */
export class RawConnection {
  readonly #bytes = new ReceivedBytes();
  #heads = 0;
  /** Where the head that is not counted yet begins. */
  #searched = 0;
  #arrived = Promise.withResolvers<void>();
  /** How the other side ended: `end` after a clean FIN and close, `reset` after an error; pending while it is open. */
  readonly closed: Promise<'end' | 'reset'>;

  constructor(
    readonly socket: net.Socket,
    /** 1 for the first connection of the backend. */
    readonly number: number,
  ) {
    socket.on('data', (chunk: Buffer) => {
      this.#bytes.add(chunk);
      this.#wake();
    });
    socket.on('end', () => this.#wake());
    this.closed = new Promise(resolve => {
      let outcome: 'end' | 'reset' = 'end';
      socket.on('error', () => (outcome = 'reset'));
      socket.on('close', () => {
        this.#wake();
        resolve(outcome);
      });
    });
  }

  /** All bytes that arrived so far. */
  get received(): Buffer {
    return this.#bytes.all;
  }

  /** The same as text, one character for each byte. */
  get text(): string {
    return this.received.toString('latin1');
  }

  /** How many complete request heads have arrived so far: good enough where bodies hold no empty line. */
  get heads(): number {
    const bytes = this.received;
    for (let at = bytes.indexOf('\r\n\r\n', this.#searched); at >= 0; at = bytes.indexOf('\r\n\r\n', this.#searched)) {
      this.#heads += 1;
      this.#searched = at + 4;
    }
    return this.#heads;
  }

  /**
   * Waits until the received text matches or holds `pattern`; gives the whole text.
   * @throws Error with the text so far when the connection ends before, or after `deadline` ms (default {@link patience}).
   */
  async until(pattern: string | RegExp, deadline = patience): Promise<string> {
    const matches = (): boolean =>
      typeof pattern === 'string'
        ? this.text.includes(pattern)
        : new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, '')).test(this.text);
    await this.#wait(matches, deadline, String(pattern));
    return this.text;
  }

  /** Waits for the end of the `count`-th request head (default: the first); gives the text so far. */
  async head(count = 1, deadline = patience): Promise<string> {
    await this.arrivals(count, deadline);
    return this.text;
  }

  /** The same, where the text is not looked at: it may be long. */
  async arrivals(count: number, deadline = patience): Promise<void> {
    await this.#wait(() => this.heads >= count, deadline, `request head ${count}`);
  }

  /** Sends bytes and keeps the connection open. A string is sent as latin1. */
  respond(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Sends bytes, if any, then closes cleanly (FIN). */
  end(bytes: string | Buffer = ''): void {
    this.socket.end(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
  }

  /** Ends the connection with a RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Stops reading, so that the sender meets back-pressure. `resume()` goes on. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  async #wait(matches: () => boolean, deadline: number, what: string): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!matches()) {
        if (this.socket.destroyed || this.socket.readableEnded) {
          throw new Error(`connection ended before ${what}; it received ${JSON.stringify(this.text)}`);
        }
        await this.#arrived.promise;
      }
    };
    return within(wait(), deadline, `${JSON.stringify(what)} in what the backend received`);
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers();
  }
}

/** What a raw backend does with a connection. Doing nothing is a backend that accepts and stays silent. */
export type RawScript = (connection: RawConnection) => unknown;

/** A TCP server on loopback that says exactly the bytes that a test wants. Closed when the test has finished. */
export class RawBackend {
  readonly connections: RawConnection[] = [];
  /** What scripts threw, other than by a connection that ended early. */
  readonly errors: unknown[] = [];
  /** Run for each new connection; may be replaced at any time. */
  script: RawScript;
  readonly #server: net.Server;
  #accepted = Promise.withResolvers<void>();

  constructor(script: RawScript) {
    this.script = script;
    this.#server = net.createServer({ noDelay: true }, socket => void this.#accept(socket));
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  get url(): string {
    const address = this.#server.address();
    return typeof address === 'string' ? `unix:${address}` : `http://127.0.0.1:${this.port}`;
  }

  /** The `number`-th connection (1 is the first), awaited if need be. */
  async connection(number = 1, deadline = patience): Promise<RawConnection> {
    const wait = async (): Promise<RawConnection> => {
      for (;;) {
        const connection = this.connections[number - 1];
        if (connection) return connection;
        await this.#accepted.promise;
      }
    };
    return within(wait(), deadline, `connection ${number} to the backend`);
  }

  /** `at`: a port, or the path of a unix socket. */
  async listen(at: number | string = 0): Promise<void> {
    this.#server.listen(typeof at === 'string' ? { path: at } : { port: at, host: '127.0.0.1' });
    await once(this.#server, 'listening');
  }

  /** Stops listening and destroys every connection. May be called twice. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const { socket } of this.connections) socket.destroy();
    await closed;
  }

  /** Ends every connection, and waits until the other side has seen it; gives how many there have been. */
  async hangUp(): Promise<number> {
    for (const connection of this.connections) connection.end();
    await Promise.all(this.connections.map(({ closed }) => closed));
    return this.connections.length;
  }

  /** Takes a connection that another port has accepted. */
  adopt(socket: net.Socket): void {
    socket.allowHalfOpen = false;
    void this.#accept(socket);
  }

  async #accept(socket: net.Socket): Promise<void> {
    const connection = new RawConnection(socket, this.connections.length + 1);
    this.connections.push(connection);
    this.#accepted.resolve();
    this.#accepted = Promise.withResolvers();
    try {
      await this.script(connection);
    } catch (error) {
      this.errors.push(error);
      socket.destroy();
    }
  }
}

/**
 * Starts a raw backend and waits until it listens, `at` a port or the path of a unix socket. Without a script it accepts connections and never answers.
 *
 * @example await startRawBackend(async connection => {
 *   await connection.head();
 *   connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
 *   connection.reset();
 * });
 */
export async function startRawBackend(
  script: RawScript = () => undefined,
  at: number | string = 0,
): Promise<RawBackend> {
  const backend = new RawBackend(script);
  await backend.listen(at);
  closeLater(() => backend.close());
  return backend;
}

/** A script that answers every request head on the connection with the same bytes, keep-alive. */
export function always(bytes: string | Buffer): RawScript {
  return async connection => {
    for (let count = 1; !connection.socket.destroyed; count += 1) {
      try {
        await connection.arrivals(count, 600_000);
      } catch {
        return connection.end();
      }
      connection.respond(bytes);
    }
  };
}
