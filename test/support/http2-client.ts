import { once } from 'node:events';
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type OutgoingHttpHeaders } from 'node:http2';
import { closeLater } from './cleanup.js';
import { patience, within } from './poll.js';

/** A request on a stream. */
export interface StreamRequest {
  /** Fields, pseudo-header fields among them: `:path` is `/` and `:method` GET unless they say otherwise. */
  readonly headers?: OutgoingHttpHeaders;
  /** Sent whole, with its end. Absent: the head is the end of the request. */
  readonly body?: string | Buffer;
  readonly trailers?: OutgoingHttpHeaders;
  /** Milliseconds for the whole exchange. Default: {@link patience}. */
  readonly timeout?: number;
}

/** How a stream has ended. */
export interface StreamResponse {
  /** 0 when no head came. */
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;
  readonly body: Buffer;
  readonly text: string;
  readonly trailers: http2.IncomingHttpHeaders | undefined;
  readonly informational: readonly (http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader)[];
  /** The code of the RST_STREAM that ended it; 0 also when there was none. */
  readonly code: number;
  /** The response came to its end: END_STREAM. */
  readonly whole: boolean;
}

/** A client of HTTP/2. */
export class Http2Client {
  /** Every GOAWAY that came: code and last stream. */
  readonly goaways: { readonly code: number; readonly lastStream: number }[] = [];

  constructor(readonly session: ClientHttp2Session) {
    session.on('goaway', (code, lastStream) => this.goaways.push({ code, lastStream }));
    session.on('error', () => {});
  }

  /** Begins a request; the stream is the test's own. */
  open(headers: OutgoingHttpHeaders = {}, endStream = false): ClientHttp2Stream {
    const stream = this.session.request({ ':path': '/', ...headers }, { endStream });
    stream.on('error', () => {});
    return stream;
  }

  /** Sends a request and gives its response, however it ended. */
  async request({ headers = {}, body, trailers, timeout = patience }: StreamRequest = {}): Promise<StreamResponse> {
    const stream = this.session.request(
      { ':path': '/', ...headers },
      { endStream: body === undefined && trailers === undefined, waitForTrailers: trailers !== undefined },
    );
    if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    if (body !== undefined || trailers !== undefined) stream.end(body);
    return within(responseOf(stream), timeout, 'the end of the stream');
  }

  /** Waits until the connection has ended. */
  async closed(deadline = patience): Promise<void> {
    if (!this.session.destroyed) await within(once(this.session, 'close'), deadline, 'the end of the session');
  }
}

/** The response on a stream, once that has ended, however. */
export async function responseOf(stream: ClientHttp2Stream): Promise<StreamResponse> {
  let headers: StreamResponse['headers'] = {};
  let trailers: http2.IncomingHttpHeaders | undefined;
  let whole = false;
  const informational: StreamResponse['informational'][number][] = [];
  const chunks: Buffer[] = [];
  stream
    .on('response', fields => (headers = fields))
    .on('headers', fields => informational.push(fields))
    .on('trailers', fields => (trailers = fields))
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => (whole = stream.rstCode === http2.constants.NGHTTP2_NO_ERROR && !stream.aborted))
    .on('error', () => {});
  await new Promise(resolve => stream.once('close', resolve));
  const body = Buffer.concat(chunks);
  return {
    status: Number(headers[':status'] ?? 0),
    headers,
    body,
    text: body.toString(),
    trailers,
    informational,
    code: stream.rstCode ?? 0,
    whole: whole && stream.rstCode === http2.constants.NGHTTP2_NO_ERROR,
  };
}

/** Opens a connection over TLS to 127.0.0.1 and waits until it stands; the certificate may be any. Closed when the test has finished. */
export function connectHttp2(port: number, options: http2.SecureClientSessionOptions = {}): Promise<Http2Client> {
  return clientOf(http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false, ...options }));
}

/** The same in clear text, with prior knowledge. */
export function connectCleartextHttp2(port: number, options: http2.ClientSessionOptions = {}): Promise<Http2Client> {
  return clientOf(http2.connect(`http://127.0.0.1:${port}`, options));
}

async function clientOf(session: ClientHttp2Session): Promise<Http2Client> {
  closeLater(() => session.destroy());
  const client = new Http2Client(session);
  await once(session, 'connect');
  return client;
}
