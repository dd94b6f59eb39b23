import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { PlatformExchange } from './platform-exchange.js';

/** What Express (4 and 5) adds to Node's request, and the body parsers of Nest. */
export interface ExpressRequest extends IncomingMessage {
  readonly host?: string;
  readonly ip?: string;
  readonly originalUrl?: string;
  readonly protocol?: string;
  readonly rawBody?: Buffer;
}

/** On Express: its request and response are Node's own. */
export class ExpressExchange implements PlatformExchange {
  constructor(
    readonly raw: ExpressRequest,
    readonly response: ServerResponse,
  ) {}

  /** Express gives none; loggers do. */
  get id(): string | undefined {
    const { id } = this.raw as { readonly id?: unknown };
    return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
  }

  get url(): string {
    // A router that is mounted below a path cuts the path off `url`.
    return this.raw.originalUrl ?? this.raw.url ?? '';
  }

  get host(): string | undefined {
    return this.raw.host ?? this.raw.headers.host;
  }

  get ip(): string | undefined {
    return this.raw.ip ?? this.raw.socket.remoteAddress;
  }

  get scheme(): string {
    return this.raw.protocol ?? 'http';
  }

  get headers(): IncomingHttpHeaders {
    return this.raw.headers;
  }

  // Express speaks HTTP/1.1, where the head says it; Express 4 gives each request a body.
  readonly hasParsedBody = false;

  get rawBody(): Buffer | undefined {
    return this.raw.rawBody;
  }

  hasHeader(name: string): boolean {
    return this.response.hasHeader(name);
  }

  setHeader(name: string, value: string | readonly string[]): void {
    if (name.toLowerCase() === 'set-cookie') this.response.appendHeader(name, value);
    else this.response.setHeader(name, value);
  }

  send(status: number, body: string | Buffer): void {
    this.response.statusCode = status;
    // `send` of Express would add an ETag, and answer conditional requests itself.
    this.response.end(body);
  }
}
