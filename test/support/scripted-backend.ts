import { once } from 'node:events';
import net from 'node:net';
import { closeLater } from './cleanup.js';

/** One request at a scripted backend, to be answered or not. Made when the request has arrived whole. */
export class Call {
  /** On the clock of `performance.now()`. */
  readonly at = performance.now();
  /** True: it got a whole answer. */
  answered = false;
  /** True: the connection ended before it was answered. */
  abandoned = false;

  constructor(
    private readonly backend: string,
    readonly socket: net.Socket,
    readonly method: string,
    readonly url: string,
    /** 1 for the first request of its connection. */
    readonly ordinal: number,
    /** 1 for the first request of the backend. */
    readonly number: number,
  ) {}

  /** Answers it, by default with 200 and `<name> <method> <path>`, and keeps the connection open. */
  answer(status = 200, { body = `${this.backend} ${this.method} ${this.url}`, headers = [] as string[] } = {}): void {
    if (this.abandoned) return;
    this.answered = true;
    const fields = [`Content-Length: ${Buffer.byteLength(body)}`, ...headers].join('\r\n');
    this.socket.write(`HTTP/1.1 ${status} Scripted\r\n${fields}\r\n\r\n${this.method === 'HEAD' ? '' : body}`);
  }

  /** Sends bytes as they are, as latin1. */
  send(bytes: string): void {
    if (!this.abandoned) this.socket.write(bytes, 'latin1');
  }

  /** Ends the connection with a FIN, after what was sent. */
  end(): void {
    this.socket.end();
  }

  /** Ends the connection with a RST, once what was sent is on its way. */
  reset(): void {
    if (this.socket.writableLength === 0) this.socket.resetAndDestroy();
    else this.socket.write('', () => this.socket.resetAndDestroy());
  }
}

/** What a scripted backend does with a request. */
export type Behaviour = (call: Call) => void;

/** A small HTTP/1.1 server on loopback whose behaviour is a function that may be replaced at any time. */
export class ScriptedBackend {
  /** Requests that arrived whole. */
  readonly calls: Call[] = [];
  /** Connections accepted so far. */
  connections = 0;
  readonly #open = new Set<net.Socket>();
  #server: net.Server | undefined;
  #port = 0;

  constructor(
    /** The first word of its answers. */
    readonly name: string,
    public behaviour: Behaviour,
  ) {}

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What the gateway calls it, unless its configuration says otherwise. */
  get id(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Calls whose connection ended before they were answered. */
  get abandoned(): number {
    return this.calls.filter(call => call.abandoned).length;
  }

  /** Connections open now. */
  get openConnections(): number {
    return this.#open.size;
  }

  /** Listens: at first on any free port, after a `stop()` on the same one. */
  async start(): Promise<void> {
    const server = net.createServer({ noDelay: true }, socket => this.#accept(socket));
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as net.AddressInfo).port;
    this.#server = server;
  }

  /** Resets every connection and refuses new ones, as after a crash. May be called twice. */
  async stop(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#open) socket.resetAndDestroy();
    await closed;
  }

  #accept(socket: net.Socket): void {
    this.connections += 1;
    this.#open.add(socket);
    const calls: Call[] = [];
    let rest = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      rest += chunk;
      for (let found = firstRequest(rest); found !== undefined && !socket.destroyed; found = firstRequest(rest)) {
        rest = rest.slice(found.length);
        const { method, url } = found;
        const call = new Call(this.name, socket, method, url, calls.length + 1, this.calls.length + 1);
        calls.push(call);
        this.calls.push(call);
        this.behaviour(call);
      }
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#open.delete(socket);
      const last = calls.at(-1);
      if (last !== undefined && !last.answered) last.abandoned = true;
    });
  }
}

/** Method, path and length of the first whole request in a text; undefined while it is not whole. Bodies need a Content-Length. */
function firstRequest(text: string): { method: string; url: string; length: number } | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end + 2);
  const length = end + 4 + Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1] ?? 0);
  if (text.length < length) return undefined;
  const [method = '', url = ''] = head.split(' ', 2);
  return { method, url, length };
}

/** Starts a scripted backend and waits until it listens. Without a behaviour it answers every request at once. */
export async function startScripted(name: string, behaviour: Behaviour = well): Promise<ScriptedBackend> {
  const backend = new ScriptedBackend(name, behaviour);
  await backend.start();
  closeLater(() => backend.stop());
  return backend;
}

/** The behaviour of a sound backend. */
export const well: Behaviour = call => call.answer();
