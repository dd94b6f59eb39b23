import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import type { PlatformExchange } from './platform-exchange.js';

/** The parts of Fastify's request that are used, and what the body parsers of Nest add. */
export interface FastifyRequest {
  readonly body?: unknown;
  readonly headers: IncomingHttpHeaders;
  readonly host: string;
  readonly id: string;
  readonly ip: string;
  readonly originalUrl: string;
  readonly protocol: string;
  readonly raw: IncomingMessage | Http2ServerRequest;
  readonly rawBody?: Buffer;
}

/** The parts of Fastify's reply that are used. */
export interface FastifyReply {
  readonly raw: ServerResponse | Http2ServerResponse;
  readonly sent: boolean;
  getHeaders(): Readonly<Record<string, number | string | readonly string[] | undefined>>;
  hasHeader(name: string): boolean;
  /** Fastify leaves the response alone from now on. */
  hijack(): unknown;
  header(name: string, value: unknown): unknown;
  code(status: number): unknown;
  send(body?: string | Buffer): unknown;
}

/** On Fastify: its request and reply stand around Node's. */
export class FastifyExchange implements PlatformExchange {
  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {}

  get raw(): IncomingMessage | Http2ServerRequest {
    return this.request.raw;
  }

  get response(): ServerResponse | Http2ServerResponse {
    return this.reply.raw;
  }

  get id(): string {
    return String(this.request.id);
  }

  get url(): string {
    return this.request.originalUrl;
  }

  get host(): string {
    return this.request.host;
  }

  get ip(): string {
    return this.request.ip;
  }

  get scheme(): string {
    return this.request.protocol;
  }

  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }

  /** The head of an HTTP/2 request with a body need say nothing of it. */
  get hasParsedBody(): boolean {
    return (this.request.body ?? undefined) !== undefined;
  }

  get rawBody(): Buffer | undefined {
    return this.request.rawBody;
  }

  hasHeader(name: string): boolean {
    return this.reply.hasHeader(name);
  }

  setHeader(name: string, value: string | readonly string[]): void {
    // It adds cookies by itself.
    void this.reply.header(name, value);
  }

  send(status: number, body: string | Buffer): void {
    void this.reply.code(status);
    void this.reply.send(body.length === 0 ? undefined : body);
  }
}
