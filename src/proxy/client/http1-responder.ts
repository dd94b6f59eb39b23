import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { RawHeaders } from '../../fields/raw-headers.js';
import type { Loan } from '../../http/loan.js';
import { JoinedWrites } from '../../http/joined-writes.js';
import { ChunkedSink, StreamSink, type Sink } from '../../http/sinks.js';
import { lastChunk } from '../../http1/chunk-writer.js';
import { statusLine, writableLines } from '../../http1/head-writer.js';
import { latin1Text } from '../../platform/latin1.js';
import { resetConnection } from './connection-reset.js';
import { currentDate } from './current-date.js';
import type { Http1Channel } from './http1-channel.js';
import type { Http1Message } from './http1-message.js';
import type { ListenerInfo } from './listener-info.js';
import type { Responder } from './responder.js';

/** Bodies up to this size are written together with their head, in bytes. */
const smallBody = 16 * 1024;

/** Interim responses are left out while the client has this much to read, in bytes. */
const maxUnread = 64 * 1024;

/** Bodies up to this declared length are read to their end so that their connection can be kept, in bytes. */
const mostDiscarded = 64 * 1024;

/** How the body of a response is framed (RFC 9112 §6). */
type Framing = 'none' | 'length' | 'chunked' | 'until-close';

/** A {@link Responder} that writes HTTP/1.1. */
export class Http1Responder implements Responder {
  source: { resume(): void } | undefined;
  length = -1;
  headSent = false;
  #continueSent = false;
  #framing: Framing = 'none';
  #persists = false;
  /** A head that waits for its body, and goes alone if none has come by the end of this turn of the event loop. */
  #head = '';
  /** The body, where it comes in pieces. */
  #writes: JoinedWrites | undefined;

  constructor(
    private readonly channel: Http1Channel,
    private readonly message: Http1Message,
    /** The client waits for a 100 before it sends its body. */
    private readonly expectsContinue: boolean,
    /** While this listener shuts down, every answer ends its connection. */
    private readonly listener: ListenerInfo,
  ) {}

  get withholdsContinue(): boolean {
    return this.expectsContinue && !this.#continueSent;
  }

  informational(status: number, headers: RawHeaders): void {
    const { socket } = this.channel;
    if (this.headSent || this.message.minor === 0) return;
    if (status === 100) {
      if (!this.withholdsContinue) return;
      this.#continueSent = true;
      socket.write('HTTP/1.1 100 Continue\r\n\r\n', 'latin1');
      return;
    }
    // Interim responses may be left out (RFC 9110 §15.2), and must not pile up for a client that does not read.
    if (socket.writableLength > maxUnread) return;
    socket.write(`${statusLine(status, '', STATUS_CODES[status])}${writableLines(headers)}\r\n`, 'latin1');
  }

  head(status: number, message: string, headers: RawHeaders): void {
    // 11
    this.#begin(status, message, headers, this.#isUnread || this.listener.draining);
    if (waitingHeads.push(this) === 1) setImmediate(sendHeads);
  }

  flush(): void {
    const head = this.#head;
    if (head === '') return;
    this.#head = '';
    this.channel.socket.write(head, 'latin1');
  }

  write(chunk: Buffer, loan?: Loan): boolean {
    // An empty chunk would be the end of the body.
    if (this.#framing === 'none' || chunk.length === 0) return true;
    if (this.#head !== '' && chunk.length <= smallBody) {
      // As one Latin-1 text, head and body take one system call.
      this.#head += this.#framed(chunk);
      if (this.#head.length > smallBody) this.flush();
      return true;
    }
    const writes = (this.#writes ??= new JoinedWrites(this.#sink));
    if (this.#head === '') return writes.write(chunk, loan);
    // Together with the head, in one system call.
    const { socket } = this.channel;
    socket.cork();
    this.flush();
    const flows = writes.write(chunk, loan);
    socket.uncork();
    return flows;
  }

  end(trailers?: RawHeaders): void {
    const { channel } = this;
    const { socket } = channel;
    this.#writes?.flush();
    let last = this.#head;
    this.#head = '';
    if (this.#framing === 'chunked') last += lastChunk(trailers ?? []);
    channel.answering(this.#persists);
    // TLS never takes a piece at once.
    if (last !== '' && this.listener.scheme === 'https') return void socket.write(last, 'latin1', channel.written);
    if (last !== '') socket.write(last, 'latin1');
    // As a rule the system has taken all by now: to be told so would cost a turn of the queue.
    if (socket.writableLength > 0) socket.write(nothing, channel.written);
    else if (!socket.destroyed) channel.written(socket.errored);
  }

  switchProtocols(protocol: string, headers: RawHeaders): Duplex | undefined {
    const { channel } = this;
    const { socket } = channel;
    if (!socket.writable) return undefined;
    this.headSent = true;
    channel.handOver();
    const head = `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n`;
    socket.write(`${head}${writableLines(headers)}\r\n`, 'latin1');
    return socket;
  }

  send(status: number, headers: RawHeaders, body: string | Buffer): void {
    const discards = this.#isUnread && this.#canDiscard(status);
    this.#begin(status, '', headers, (this.#isUnread && !discards) || this.listener.draining);
    const { channel } = this;
    let text = this.#head;
    this.#head = '';
    // Texts of the gateway may have characters beyond Latin-1.
    if (this.#framing !== 'none' && body.length > 0)
      text += this.#framed(typeof body === 'string' ? Buffer.from(body) : body);
    if (this.#framing === 'chunked') text += lastChunk([]);
    channel.answering(this.#persists);
    channel.socket.write(text, 'latin1', channel.written);
  }

  abort(): void {
    const { socket } = this.channel;
    if (socket.destroyed) return;
    // The client is to see how far the message came.
    this.flush();
    this.#writes?.flush();
    // A body that ends with the connection needs a reset: a plain close would look like its end (RFC 9112 §8).
    if (this.#framing === 'until-close') resetConnection(socket);
    else socket.destroy();
  }

  /** The turn of the event loop in which the head came is over. */
  turnEnded(): void {
    this.flush();
  }

  #begin(status: number, message: string, headers: RawHeaders, closes: boolean): void {
    const { channel } = this;
    this.headSent = true;
    this.#framing = this.#framingOf(status, headers);
    // Trailer fields can follow a chunked body only.
    if (this.#framing !== 'chunked' && RawHeaders.has(headers, 'trailer')) RawHeaders.remove(headers, 'trailer');
    this.#persists = !closes && channel.mayPersist && this.#framing !== 'until-close';
    let head = statusLine(status, message, STATUS_CODES[status]) + writableLines(headers);
    if (!RawHeaders.has(headers, 'date')) head += currentDate();
    head += this.#persists ? channel.keepAlive : 'Connection: close\r\n';
    this.#head = this.#framing === 'chunked' ? `${head}Transfer-Encoding: chunked\r\n\r\n` : `${head}\r\n`;
  }

  #framingOf(status: number, headers: RawHeaders): Framing {
    const length = RawHeaders.get(headers, 'content-length');
    if (length !== undefined) this.length = Number(length);
    const { method, minor } = this.message;
    if (method === 'HEAD' || status === 204 || status === 304) return 'none';
    if (length !== undefined) return 'length';
    return minor === 0 ? 'until-close' : 'chunked';
  }

  /** A piece of the body that is not empty, as Latin-1 text. */
  #framed(piece: Buffer): string {
    const text = latin1Text(piece);
    return this.#framing === 'chunked' ? `${piece.length.toString(16)}\r\n${text}\r\n` : text;
  }

  /** Where the body goes that comes in pieces. */
  get #sink(): Sink {
    const { socket } = this.channel;
    return this.#framing === 'chunked' ? new ChunkedSink(socket) : new StreamSink(socket);
  }

  /** The rest of the request is still to come, or may never come. */
  get #isUnread(): boolean {
    return (!this.message.complete && this.message.hasBody) || this.withholdsContinue;
  }

  /** A client that is refused because of its body (too large, too slow) is not to send the rest. */
  #canDiscard(status: number): boolean {
    const { message } = this;
    if (status === 413 || status === 408 || this.expectsContinue || message.readableFlowing !== null) return false;
    return Number(RawHeaders.get(message.rawHeaders, 'content-length') ?? Infinity) <= mostDiscarded;
  }
}

const nothing = Buffer.alloc(0);

/** The responders whose heads came in this turn of the event loop. */
let waitingHeads: Http1Responder[] = [];

function sendHeads(): void {
  const heads = waitingHeads;
  waitingHeads = [];
  for (const responder of heads) responder.turnEnded();
}
