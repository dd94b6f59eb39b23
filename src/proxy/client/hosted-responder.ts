import { type ServerResponse, STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http';
import type { Duplex } from 'node:stream';
import { RawHeaders } from '../../fields/raw-headers.js';
import { JoinedWrites } from '../../http/joined-writes.js';
import type { Loan } from '../../http/loan.js';
import { StreamSink } from '../../http/sinks.js';
import { writableLines } from '../../http1/head-writer.js';
import { resetConnection } from './connection-reset.js';
import type { HostedMessage } from './hosted-message.js';
import type { ListenerInfo } from './listener-info.js';
import type { Responder } from './responder.js';

/** Interim responses are left out while the client has this much to read, in bytes. */
const maxUnread = 64 * 1024;

/** A {@link Responder} over the response of an application's own server, so that what the application has put around that (compression, a logger) sees the answer. */
export class HostedResponder implements Responder {
  source: { resume(): void } | undefined;
  length = -1;
  #headWaits = false;
  #bodiless = false;
  #drainAttached = false;
  #writes: JoinedWrites | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly message: HostedMessage,
    /** While this drains, every answer ends its connection. */
    private readonly listener: ListenerInfo,
  ) {}

  get headSent(): boolean {
    return this.#headWaits || this.response.headersSent;
  }

  /** Bytes that the client has not made room for. */
  get unsent(): number {
    return this.response.writableLength + (this.#writes?.length ?? 0);
  }

  /** The server has sent the 100 itself. Of the others Node writes 102 and 103. */
  informational(status: number, headers: RawHeaders): void {
    const { response } = this;
    if (this.headSent || this.message.minor === 0 || (response.socket?.writableLength ?? 0) > maxUnread) return;
    try {
      if (status === 102) response.writeProcessing();
      else if (status === 103) response.writeEarlyHints(merged(headers));
    } catch {
      // They may be left out (RFC 9110 §15.2): Node refuses links that it does not understand.
    }
  }

  head(status: number, message: string, headers: RawHeaders): void {
    this.#begin(status, message, headers);
    this.#headWaits = true;
    setImmediate(() => this.flush());
  }

  flush(): void {
    if (!this.#headWaits) return;
    this.#headWaits = false;
    if (!this.#isGone) this.response.flushHeaders();
  }

  write(chunk: Buffer, loan?: Loan): boolean {
    if (this.#bodiless || chunk.length === 0 || this.#isGone) return true;
    this.#headWaits = false;
    if ((this.#writes ??= new JoinedWrites(new StreamSink(this.response))).write(chunk, loan)) return true;
    if (!this.#drainAttached) {
      this.#drainAttached = true;
      this.response.on('drain', () => this.source?.resume());
    }
    return false;
  }

  end(trailers?: RawHeaders): void {
    this.#headWaits = false;
    if (this.#isGone) return;
    this.#writes?.flush();
    if (trailers !== undefined && trailers.length > 0 && this.length === -1) this.#addTrailers(trailers);
    this.response.end();
  }

  /** The response must have been made for the connection of an upgrade: it is given up, and nothing else was written to it. */
  switchProtocols(protocol: string, headers: RawHeaders): Duplex | undefined {
    const { response } = this;
    const { socket } = response;
    if (socket === null || !socket.writable) return undefined;
    response.detachSocket(socket);
    const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
    socket.write(`${head}${writableLines(headers)}\r\n`, 'latin1');
    return socket;
  }

  send(status: number, headers: RawHeaders, body: string | Buffer): void {
    if (this.#isGone) return;
    this.#begin(status, '', headers);
    this.response.end(this.#bodiless ? undefined : body);
  }

  abort(): void {
    const { response } = this;
    if (response.destroyed) return;
    this.flush();
    this.#writes?.flush();
    // What ends with its connection needs a reset: a plain close would look like its end (RFC 9112 §8).
    const endsWithConnection = this.length === -1 && this.message.minor === 0;
    if (endsWithConnection && response.socket !== null) resetConnection(response.socket);
    response.destroy();
    // A response that waits behind another one of its connection has none yet.
    this.message.socket.destroy();
  }

  get #isGone(): boolean {
    return this.response.destroyed || this.response.writableEnded;
  }

  #begin(status: number, reason: string, headers: RawHeaders): void {
    const { response } = this;
    if (this.#isGone) return;
    const length = RawHeaders.get(headers, 'content-length');
    if (length !== undefined) this.length = Number(length);
    this.#bodiless = this.message.method === 'HEAD' || status === 204 || status === 304;
    // Trailer fields can follow a chunked body only.
    const isChunked = length === undefined && !this.#bodiless && this.message.minor === 1;
    if (!isChunked && RawHeaders.has(headers, 'trailer')) RawHeaders.remove(headers, 'trailer');
    if (this.listener.draining) response.shouldKeepAlive = false;
    const usual = STATUS_CODES[status] ?? '';
    try {
      response.writeHead(status, reason || usual, headers);
    } catch {
      // It holds what Node does not write.
      response.writeHead(status, usual, writable(headers));
    }
  }

  #addTrailers(trailers: RawHeaders): void {
    const fields: [string, string][] = [];
    const checked = writable(trailers);
    for (let at = 0; at < checked.length; at += 2) fields.push([checked[at]!, checked[at + 1]!]);
    this.response.addTrailers(fields);
  }
}

/** The fields that Node writes. */
function writable(headers: RawHeaders): RawHeaders {
  const fields: RawHeaders = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    const value = headers[at + 1]!;
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
      fields.push(name, value);
    } catch {
      // A response has to be sent in any case.
    }
  }
  return fields;
}

/** Fields as an object, repeated ones as a list. */
function merged(headers: RawHeaders): Record<string, string | string[]> {
  const fields = Object.create(null) as Record<string, string[]>;
  for (let at = 0; at < headers.length; at += 2) (fields[headers[at]!.toLowerCase()] ??= []).push(headers[at + 1]!);
  return fields;
}
