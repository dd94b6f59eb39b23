import { EventEmitter } from 'node:events';
import type { Exchange } from './exchange.js';
import type { ExchangeWatcher } from './exchange-watcher.js';

/**
 * What `ExecutionContext.switchToHttp().getResponse()` gives for an exchange: enough of what Express and Fastify have in common for guards,
 * interceptors and filters. Fields that are set go into the response of the backend as well; a body that is sent is the answer, unless
 * the exchange has one. Emits `finish` and `close` when the exchange is over.
 */
export class ExchangeResponse extends EventEmitter<{ finish: []; close: [] }> implements ExchangeWatcher {
  /** Resolves when the exchange is over. */
  readonly over: Promise<void>;
  readonly #fields = new Map<string, [name: string, value: string]>();
  #status: number | undefined;
  #end: () => void = () => {};

  /** Made for each exchange. @internal */
  constructor(private readonly exchange: Exchange) {
    super();
    this.over = new Promise(resolve => (this.#end = resolve));
  }

  /** The client is being answered: nothing that is sent from here counts any more. */
  get headersSent(): boolean {
    const { status, error } = this.exchange;
    return status !== 0 || error !== undefined;
  }

  /** As Fastify calls it. */
  get sent(): boolean {
    return this.headersSent;
  }

  /** Where Fastify has Node's response: filters ask it whether the head was sent. */
  get raw(): this {
    return this;
  }

  /** The status that is set, or was sent. Default: 200. */
  get statusCode(): number {
    return this.exchange.status || (this.#status ?? 200);
  }

  set statusCode(status: number) {
    this.status(status);
  }

  /** Of what is sent from here. Throws a RangeError unless it is that of a final response: 200 to 599. */
  status(status: number): this {
    if (!Number.isInteger(status) || status < 200 || status > 599)
      throw new RangeError(`${status} is no status of a final response`);
    this.#status = status;
    return this;
  }

  /** Sets the status of the answer. */
  code(status: number): this {
    return this.status(status);
  }

  /**
   * Sets a field of the response, whether the backend makes it, the gateway, or {@link send}; a cookie is added. Throws a TypeError for what no field can
   * hold, and for those that frame the message or end at this connection.
   */
  setHeader(name: string, value: number | string | readonly string[]): this {
    const isCookie = name.toLowerCase() === 'set-cookie';
    const values = typeof value !== 'object' ? [String(value)] : isCookie ? value : [value.join(', ')];
    for (const text of values) {
      this.exchange.setResponseHeader(name, text);
      this.#fields.set(name.toLowerCase(), [name, text]);
    }
    return this;
  }

  /** Sets a header field of the answer, in the place of earlier ones of that name. */
  header(name: string, value: number | string | readonly string[]): this {
    return this.setHeader(name, value);
  }

  /** The same as `header`, by its name on Express. */
  set(name: string, value: number | string | readonly string[]): this {
    return this.setHeader(name, value);
  }

  /** A field that was set here. */
  getHeader(name: string): string | undefined {
    return this.#fields.get(name.toLowerCase())?.[1];
  }

  /** Sets `Content-Type`. */
  type(mediaType: string): this {
    return this.setHeader('Content-Type', mediaType);
  }

  /** Answers with a value as JSON. */
  json(body: unknown): this {
    return this.#respond(JSON.stringify(body) ?? '', 'application/json; charset=utf-8');
  }

  /** Texts and buffers as they are, all else as JSON. */
  send(body?: unknown): this {
    if (body === undefined || body === null) return this.#respond('', undefined);
    if (typeof body === 'string') return this.#respond(body, 'text/plain; charset=utf-8');
    if (Buffer.isBuffer(body)) return this.#respond(body, 'application/octet-stream');
    return this.json(body);
  }

  /** Answers with a text or bytes, or with no body. */
  end(body?: unknown): this {
    return this.send(body);
  }

  /** The exchange is over. Called once. */
  close(): void {
    this.#end();
    this.emit('finish');
    this.emit('close');
  }

  #respond(body: Buffer | string, mediaType: string | undefined): this {
    if (this.headersSent) return this;
    const status = this.#status ?? 200;
    // RFC 9110 §6.4.1
    const isBodiless = status === 204 || status === 205 || status === 304;
    const headers = isBodiless ? [] : ['Content-Length', String(Buffer.byteLength(body))];
    if (!isBodiless && mediaType !== undefined && !this.#fields.has('content-type'))
      headers.push('Content-Type', mediaType);
    this.exchange.answer({ status, headers, body: isBodiless ? '' : body });
    return this;
  }
}
