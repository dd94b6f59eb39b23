import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import { type TestBackend, type BackendOptions, type RecordedRequest, startBackend } from './backend.js';
import { open, type RequestOptions } from './client.js';
import type { Http2Client } from './http2-client.js';
import { eventually, patience, within } from './poll.js';

/** An event stream that a backend has open: the test writes what comes. */
export interface ServedStream {
  readonly record: RecordedRequest;
  readonly response: ServerResponse;
  /** The gateway has gone. */
  readonly isClosed: boolean;
}

/** A backend that answers every request with an event stream whose content the test writes. */
export class EventBackend {
  readonly streams: ServedStream[] = [];

  constructor(readonly backend: TestBackend) {}

  get url(): string {
    return this.backend.url;
  }

  /** What the gateway calls it, unless its configuration says otherwise. */
  get id(): string {
    return `127.0.0.1:${this.backend.port}`;
  }

  /** The `number`-th stream (1 is the first), awaited if need be. */
  stream(number = 1): Promise<ServedStream> {
    return eventually(() => this.streams[number - 1] ?? false, { what: `stream ${number} at the backend` });
  }

  /** Writes to the `number`-th stream. */
  async send(text: string | Buffer, number = 1): Promise<void> {
    const { response } = await this.stream(number);
    response.write(text);
  }

  /** Breaks the connections of all its streams, as when it crashes. */
  crash(): void {
    for (const { response } of this.streams) response.socket?.resetAndDestroy();
  }
}

/** Starts one. `head`: the fields of its responses. */
export async function startEventBackend(
  head: Readonly<Record<string, string>> = { 'content-type': 'text/event-stream' },
  options: BackendOptions = {},
): Promise<EventBackend> {
  const backend = new EventBackend(
    await startBackend((_, response, record) => {
      response.writeHead(200, head);
      response.flushHeaders();
      const stream = { record, response, isClosed: false };
      response.on('close', () => (stream.isClosed = true));
      backend.streams.push(stream);
    }, options),
  );
  return backend;
}

/** The body of a response, as it comes. */
export class StreamReader {
  text = '';
  /** `end`: it came to its proper end; `broken`: the client can see that it did not. */
  ended: 'end' | 'broken' | undefined;
  #awaited: { readonly end: string; resolve(at: number): void } | undefined;

  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string | string[] | undefined>>,
    /** Goes away. */
    readonly leave: () => void,
  ) {}

  /** What has come, without the comments of the gateway. */
  get events(): string {
    return this.text.replaceAll(/(?<=^|\n):\n\n/g, '');
  }

  /** Comments of the gateway so far. */
  get heartbeats(): number {
    return this.text.match(/(?<=^|\n):\n\n/g)?.length ?? 0;
  }

  /** Waits until all that has come is this, comments of the gateway apart. */
  async until(events: string, deadline = patience): Promise<void> {
    await eventually(() => this.events === events, { deadline, what: `${JSON.stringify(events)} at the client` }).catch(
      (cause: unknown) => {
        throw new Error(`the client has got ${JSON.stringify(this.events)}`, { cause });
      },
    );
  }

  /** Takes a piece of the body. */
  take(chunk: Buffer): void {
    this.text += chunk.toString('latin1');
    if (this.#awaited !== undefined && this.text.endsWith(this.#awaited.end)) this.#awaited.resolve(performance.now());
  }

  /** When the body ends with this, on the clock of `performance.now()`. */
  next(end: string): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>();
    this.#awaited = { end, resolve };
    return within(promise, patience, `${JSON.stringify(end)} at the client`);
  }

  /** Waits for the end. */
  async end(deadline = patience): Promise<'end' | 'broken'> {
    return eventually(() => this.ended ?? false, { deadline, what: 'the end of the stream' });
  }
}

/** Asks for an event stream by GET, and reads what comes. */
export async function openStream(port: number, options: RequestOptions = {}): Promise<StreamReader> {
  const headers = { accept: 'text/event-stream', ...(options.headers as Record<string, string> | undefined) };
  const { request, response } = await within(open(port, { ...options, headers }), 5000, 'the head of the stream');
  const reader = new StreamReader(response.statusCode ?? 0, response.headers, () => request.destroy());
  response.on('data', (chunk: Buffer) => reader.take(chunk));
  response.on('end', () => (reader.ended = 'end'));
  response.on('error', () => (reader.ended = 'broken'));
  return reader;
}

/** The same on a stream of HTTP/2. */
export async function openHttp2Stream(client: Http2Client, headers: OutgoingHttpHeaders = {}): Promise<StreamReader> {
  const stream = client.open({ accept: 'text/event-stream', ...headers }, true);
  const [head] = (await within(once(stream, 'response'), 5000, 'the head of the stream')) as [Record<string, string>];
  const reader = new StreamReader(Number(head[':status']), head, () => stream.close(8));
  stream.on('data', (chunk: Buffer) => reader.take(chunk));
  stream.on('close', () => (reader.ended = stream.rstCode === 0 && !stream.aborted ? 'end' : 'broken'));
  return reader;
}
