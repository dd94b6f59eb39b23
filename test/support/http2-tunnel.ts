import { once } from 'node:events';
import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader, OutgoingHttpHeaders } from 'node:http2';
import { closePayload, frameBytes } from './frame-bytes.js';
import type { Http2Client } from './http2-client.js';
import { eventually, within } from './poll.js';

const key = Buffer.from([7, 77, 177, 217]);

/** A WebSocket on a stream of HTTP/2 (RFC 8441); the frames that the client sends are made here, those that come are kept as bytes. */
export class Http2Tunnel {
  readonly #chunks: Buffer[] = [];
  /** The server has ended its side. */
  ended = false;
  /** The stream is closed, and with which code. */
  closed: number | undefined;

  constructor(
    readonly stream: ClientHttp2Stream,
    readonly headers: IncomingHttpHeaders & IncomingHttpStatusHeader,
  ) {
    stream
      .on('data', (chunk: Buffer) => this.#chunks.push(chunk))
      .on('end', () => (this.ended = true))
      .on('close', () => (this.closed = stream.rstCode ?? 0));
  }

  get status(): number | undefined {
    return this.headers[':status'];
  }

  get received(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Sends a text message. */
  say(text: string): void {
    this.stream.write(frameBytes({ opcode: 1, payload: Buffer.from(text), key }));
  }

  /** Sends a Close frame. */
  goodbye(code: number, reason = ''): void {
    this.stream.write(frameBytes({ opcode: 8, payload: closePayload(code, reason), key }));
  }

  /** Waits until exactly these frames have come, from the beginning. */
  async until(...frames: readonly Buffer[]): Promise<void> {
    const expected = Buffer.concat(frames);
    await eventually(() => {
      if (!this.received.equals(expected))
        throw new Error(`${this.received.toString('hex')}, not ${expected.toString('hex')}`);
    });
  }
}

/** Asks for a WebSocket on a stream of its own and waits for any answer. Waits for the server's settings first. */
export async function openTunnel({ session }: Http2Client, headers: OutgoingHttpHeaders = {}): Promise<Http2Tunnel> {
  if (session.remoteSettings?.enableConnectProtocol !== true) {
    await within(once(session, 'remoteSettings'), 5000, 'the settings of the server');
  }
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':path': '/',
    'sec-websocket-version': '13',
    ...headers,
  });
  stream.on('error', () => {});
  const [fields] = (await within(once(stream, 'response'), 5000, 'the answer to a WebSocket')) as [
    Http2Tunnel['headers'],
  ];
  return new Http2Tunnel(stream, fields);
}
