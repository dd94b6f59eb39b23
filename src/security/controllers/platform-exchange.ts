import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

/** A request to a handler of an application, and its response, as policies need them of whichever HTTP platform. */
export interface PlatformExchange {
  /** Node's request: the same object for all that see the request. */
  readonly raw: IncomingMessage | Http2ServerRequest;
  /** Node's response. */
  readonly response: ServerResponse | Http2ServerResponse;
  /** The id that the platform, or a logger, has given to the request; undefined: none has. */
  readonly id: string | undefined;
  /** Path and query as the client spelled them. */
  readonly url: string;
  /** The host that the client asked for, with its port, as the platform's `trustProxy` says. */
  readonly host: string | undefined;
  /** The client's address, as the platform's `trustProxy` says. Undefined: it has none, or is gone. */
  readonly ip: string | undefined;
  /** The scheme that the client used, as the platform's `trustProxy` says. */
  readonly scheme: string;
  readonly headers: IncomingHttpHeaders;
  /** A body has been parsed, although the head says nothing of one. */
  readonly hasParsedBody: boolean;
  /** The body as it came, where the application keeps it (`rawBody: true`). */
  readonly rawBody: Buffer | undefined;
  hasHeader(name: string): boolean;
  /** Sets a field of the response in place of those of its name; a cookie is added. */
  setHeader(name: string, value: string | readonly string[]): void;
  /** Sends the response. Its fields have been set. */
  send(status: number, body: string | Buffer): void;
}
