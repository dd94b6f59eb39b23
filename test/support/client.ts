import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { Readable } from 'node:stream';
import type { SecureContextOptions } from 'node:tls';
import { closeLater } from './cleanup.js';
import { type HeaderList, headerList, valueOf, valuesOf } from './header-list.js';
import type { Informational } from './http-response.js';
import { patience } from './poll.js';

export { type ConnectOptions, RawClient, type RawRequestOptions, connectRaw, rawRequest } from './raw-client.js';
export { type Ending, type Informational, RawResponse } from './http-response.js';

/** A request through node:http. */
export interface RequestOptions {
  /** Default GET. */
  readonly method?: string;
  /** Sent as it is. Default `/`. */
  readonly path?: string;
  /**
   * A raw list is sent as it is: order, spelling, repetition. `Host` is added when it is missing, and `Content-Length` for a
   * string or Buffer body without framing of its own.
   */
  readonly headers?: HeaderList | Readonly<Record<string, string | readonly string[]>>;
  /** Strings and Buffers have a Content-Length; streams and iterables are chunked unless a header says otherwise. */
  readonly body?: string | Buffer | Readable | AsyncIterable<Buffer | string>;
  /** Sent after a chunked body. */
  readonly trailers?: Readonly<Record<string, string>>;
  /** Default: a connection of its own. `keepAliveAgent()` keeps one. */
  readonly agent?: http.Agent;
  /** Milliseconds for the whole exchange. Default: {@link patience}. */
  readonly timeout?: number;
  /** Abort from outside, as a client that goes away. */
  readonly signal?: AbortSignal;
  readonly socketPath?: string;
  /** Speak TLS (`ca`, `cert`, `key`, `servername`). */
  readonly tls?: SecureContextOptions & { readonly servername?: string; readonly rejectUnauthorized?: boolean };
  readonly localAddress?: string;
}

/** A whole response. */
export interface Response {
  readonly status: number;
  readonly statusMessage: string;
  readonly httpVersion: string;
  readonly rawHeaders: string[];
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  readonly rawTrailers: string[];
  readonly informational: Informational[];
  header(name: string): string | undefined;
  headerValues(name: string): string[];
  json<T = unknown>(): T;
}

/** The response's body broke off: its length or last chunk never came. Holds what did come. */
export class BrokenResponse extends Error {
  override readonly name = 'BrokenResponse';
  constructor(
    readonly response: Response,
    cause: unknown,
  ) {
    super(`the response (${response.status}) broke off after ${response.body.length} body bytes`, { cause });
  }
}

/** A response whose body is still arriving: for event streams, slow bodies and back-pressure. */
export interface OpenResponse {
  readonly request: http.ClientRequest;
  /** Paused until it is read. */
  readonly response: http.IncomingMessage;
  readonly informational: Informational[];
}

/**
 * Sends a request and resolves at the response's head. The connection is destroyed when the test has finished.
 * @throws Error of node:http when no head came (`ECONNREFUSED`, `ECONNRESET`), or when `timeout` passed before it.
 */
export async function open(port: number, options: RequestOptions = {}): Promise<OpenResponse> {
  const { request, informational } = send(port, options);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  // A test that reads the body sees its error; a test that does not read it must not fail because of one.
  response.on('error', () => undefined);
  return { request, response, informational };
}

/**
 * Sends a request and gives the whole response.
 * @throws BrokenResponse when the body broke off; else an Error of node:http, as from `open`.
 */
export async function request(port: number, options: RequestOptions = {}): Promise<Response> {
  const { timeout = patience } = options;
  const opened = await open(port, options);
  const timer = setTimeout(
    () => opened.response.destroy(new Error(`no end of the response within ${timeout} ms`)),
    timeout,
  );
  const chunks: Buffer[] = [];
  let broken: unknown;
  try {
    for await (const chunk of opened.response) chunks.push(chunk as Buffer);
  } catch (error) {
    broken = error;
  } finally {
    clearTimeout(timer);
  }
  const response = wholeResponse(opened, Buffer.concat(chunks));
  if (broken !== undefined || !opened.response.complete) throw new BrokenResponse(response, broken);
  return response;
}

/** An agent that keeps up to `maxSockets` connections (default 1) open between requests. Closed when the test has finished. */
export function keepAliveAgent(maxSockets = 1): http.Agent {
  const agent = new http.Agent({ keepAlive: true, maxSockets });
  closeLater(() => agent.destroy());
  return agent;
}

function send(port: number, options: RequestOptions): { request: http.ClientRequest; informational: Informational[] } {
  const {
    method = 'GET',
    path = '/',
    agent,
    timeout = patience,
    socketPath,
    localAddress,
    signal,
    tls,
    body,
  } = options;
  const request = (tls ? https : http).request({
    ...(socketPath !== undefined ? { socketPath } : { host: '127.0.0.1', port }),
    ...(localAddress !== undefined && { localAddress }),
    ...(signal && { signal }),
    ...tls,
    method,
    path,
    headers: fullHeaders(port, options),
    agent: agent ?? false,
  });
  closeLater(() => request.destroy());
  const timer = setTimeout(() => request.destroy(new Error(`no response head within ${timeout} ms`)), timeout);
  const informational: Informational[] = [];
  request.on('continue', () => informational.push({ status: 100, rawHeaders: [] }));
  request.on('information', info => {
    if (info.statusCode !== 100) informational.push({ status: info.statusCode, rawHeaders: info.rawHeaders });
  });
  request.on('response', () => clearTimeout(timer));
  // `once(request, 'response')` reports errors before the head; those after it reach the response.
  request.on('error', () => clearTimeout(timer));
  if (options.trailers) request.addTrailers(options.trailers);
  const expects = valueOf(headerList(options.headers), 'expect')?.toLowerCase() === '100-continue';
  if (!expects) sendBody(request, body);
  else {
    request.flushHeaders();
    request.once('continue', () => sendBody(request, body));
  }
  return { request, informational };
}

function sendBody(request: http.ClientRequest, body: RequestOptions['body']): void {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) {
    request.end(body);
    return;
  }
  const stream = Readable.from(body);
  stream.on('error', error => request.destroy(error));
  stream.pipe(request);
}

function fullHeaders(port: number, { headers, body, method, trailers, socketPath }: RequestOptions): string[] {
  const list = headerList(headers);
  const has = (name: string): boolean => valueOf(list, name) !== undefined;
  if (!has('host')) list.unshift('Host', socketPath === undefined ? `127.0.0.1:${port}` : 'localhost');
  if (has('content-length') || has('transfer-encoding')) return list;
  const sized = typeof body === 'string' || Buffer.isBuffer(body);
  if (sized && trailers === undefined) list.push('Content-Length', String(Buffer.byteLength(body)));
  else if (body !== undefined || trailers !== undefined) list.push('Transfer-Encoding', 'chunked');
  else if (method === 'POST' || method === 'PUT' || method === 'PATCH') list.push('Content-Length', '0');
  return list;
}

function wholeResponse({ response, informational }: OpenResponse, body: Buffer): Response {
  const { rawHeaders, rawTrailers, headers, httpVersion } = response;
  const text = body.toString();
  return {
    status: response.statusCode ?? 0,
    statusMessage: response.statusMessage ?? '',
    httpVersion,
    rawHeaders,
    headers,
    body,
    text,
    rawTrailers,
    informational,
    header: name => valueOf(rawHeaders, name),
    headerValues: name => valuesOf(rawHeaders, name),
    json: <T>() => JSON.parse(text) as T,
  };
}
