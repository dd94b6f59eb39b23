import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { Duplex } from 'node:stream';
import type { ReadMessage } from './http1-transcript.js';

/** What Node's own parser made of a connection. */
export interface NodeTranscript {
  readonly messages: ReadMessage[];
  /** The code of the error that it ended with; undefined where there was none. */
  error: string | undefined;
}

/** A connection without a socket: it takes all that is written, and brings what is pushed. */
class Pipe extends Duplex {
  override _read(): void {}

  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    done();
  }

  /** Brings these pieces, then its end, each as an event of its own. */
  async bring(pieces: readonly string[]): Promise<void> {
    for (const piece of pieces) this.push(Buffer.from(piece, 'latin1'));
    await turn();
    this.push(null);
    await turn();
  }
}

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

const transcripts = new WeakMap<Duplex, NodeTranscript>();
const servers = new Map<number, Server>();

/** Node's server that has this limit for heads. It answers nothing, and so reads all that comes. */
function serverFor(maxHeaderSize: number): Server {
  const known = servers.get(maxHeaderSize);
  if (known !== undefined) return known;
  const server = createServer({ insecureHTTPParser: false, maxHeaderSize, requireHostHeader: false });
  server.maxHeadersCount = 0;
  server.requestTimeout = server.headersTimeout = server.keepAliveTimeout = 0;
  const take = (message: IncomingMessage): void => {
    const transcript = transcripts.get(message.socket)!;
    note(transcript, message, `${message.method} ${message.url}`);
  };
  for (const event of ['request', 'checkContinue', 'checkExpectation', 'connect']) server.on(event, take);
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    transcripts.get(socket)!.error ??= error.code;
  });
  servers.set(maxHeaderSize, server);
  return server;
}

/** Has Node read `pieces` as the requests of one connection. */
export async function nodeRequests(pieces: readonly string[], maxHead: number): Promise<NodeTranscript> {
  const transcript: NodeTranscript = { messages: [], error: undefined };
  const pipe = new Pipe();
  pipe.on('error', () => {});
  transcripts.set(pipe, transcript);
  serverFor(maxHead).emit('connection', pipe);
  await pipe.bring(pieces);
  pipe.destroy();
  return transcript;
}

/** Has Node read `pieces` as what answers one request: interim responses, and the final one. */
export async function nodeResponses(
  pieces: readonly string[],
  maxHead: number,
  isBodiless: boolean,
): Promise<NodeTranscript> {
  const transcript: NodeTranscript = { messages: [], error: undefined };
  const pipe = new Pipe();
  const fail = (error: NodeJS.ErrnoException): void => void (transcript.error ??= error.code);
  const method = isBodiless ? 'HEAD' : 'GET';
  const sent = request({ createConnection: () => pipe, insecureHTTPParser: false, maxHeaderSize: maxHead, method });
  sent.on('error', fail);
  sent.on('information', info => {
    const { httpVersionMinor, rawHeaders, statusCode, statusMessage } = info;
    const start = `${statusCode} ${statusMessage} ${httpVersionMinor}`;
    transcript.messages.push({ start, fields: rawHeaders, body: '', trailers: undefined });
  });
  const take = (message: IncomingMessage): void => {
    note(transcript, message, `${message.statusCode} ${message.statusMessage}`);
    message.on('error', fail);
  };
  sent.on('response', take);
  sent.on('upgrade', take);
  sent.end();
  await pipe.bring(pieces);
  pipe.destroy();
  return transcript;
}

function note(transcript: NodeTranscript, message: IncomingMessage, start: string): void {
  if (transcript.error !== undefined) return;
  const noted: ReadMessage = {
    start: `${start} ${message.httpVersionMinor}`,
    fields: message.rawHeaders,
    body: '',
    trailers: undefined,
  };
  transcript.messages.push(noted);
  message.on('data', (piece: Buffer) => (noted.body += piece.toString('latin1')));
  message.on('end', () => (noted.trailers = message.rawTrailers));
  message.on('error', () => {});
}
