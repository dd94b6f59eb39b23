import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import { endWithTests, hasEnded } from './ended-with-tests.js';
import { encodeAnswer, encodeEvent, type FakeAnswer, type FakeEvent, type ReceivedRequest } from './fake-answer.js';

/** What makes the answer to a request. */
export type Answering = FakeAnswer | ((request: ReceivedRequest) => FakeAnswer | Promise<FakeAnswer>);

/** Requests that are kept; older ones are forgotten. */
const mostKept = 10_000;

/** A backend for tests, on a port of its own of the loopback: answers as it is told to, and remembers what it was asked. Each request has a connection of its own. WebSockets are echoed. */
export class FakeBackend implements AsyncDisposable {
  /** The requests so far, oldest first; those of WebSockets among them. At most 10,000 are kept. */
  readonly requests: ReceivedRequest[] = [];
  /** The text messages that have come by WebSockets, in their order. */
  readonly messages: string[] = [];
  #answer: Answering;
  #queue: Answering[] = [];
  readonly #streams = new Set<ServerResponse>();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  #stopped: Promise<void> | undefined;

  private constructor(answer: Answering) {
    this.#answer = answer;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    // On a connection that was used before, the gateway would take a reset for the end of an idle one, and ask again.
    this.#server.maxRequestsPerSocket = 1;
    this.#server.on('upgrade', (request: IncomingMessage, socket, head) => {
      this.#remember(request, Buffer.alloc(0));
      this.#sockets.handleUpgrade(request, socket, head, client => this.#echo(client));
    });
  }

  /** Starts one that answers so. Default: 200 with the body `ok`. */
  static async start(answer: Answering = {}): Promise<FakeBackend> {
    const backend = new FakeBackend(answer);
    await new Promise<void>((resolve, reject) => {
      backend.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    endWithTests(backend);
    return backend;
  }

  /** `http://127.0.0.1:` and its port: for `backends`. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The request that has come last. Throws where none has. */
  get lastRequest(): ReceivedRequest {
    const last = this.requests.at(-1);
    if (last === undefined) throw new Error('the backend has got no request');
    return last;
  }

  /** Answers so from now on. */
  answers(answer: Answering): void {
    this.#answer = answer;
  }

  /** Answers the next requests so, one after the other, and then as before. */
  answersNext(...answers: Answering[]): void {
    this.#queue.push(...answers);
  }

  /** Sends an event on each open event stream. */
  sendEvent(event: FakeEvent): void {
    for (const stream of this.#streams) stream.write(encodeEvent(event));
  }

  /** Ends the open event streams; `reset`: by a reset of their connections. */
  endEvents(how: 'end' | 'reset' = 'end'): void {
    for (const stream of this.#streams) {
      if (how === 'end') stream.end();
      else stream.req.socket.resetAndDestroy();
    }
    this.#streams.clear();
  }

  /** Sends a text message on each open WebSocket. */
  sendMessage(text: string): void {
    for (const client of this.#sockets.clients) client.send(text);
  }

  /** Closes the open WebSockets. `code`: default 1000. */
  closeWebSockets(code = 1000): void {
    for (const client of this.#sockets.clients) client.close(code);
  }

  /** Closes it with all its connections: the gateway meets a backend that refuses connections then. */
  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    hasEnded(this);
    for (const client of this.#sockets.clients) client.terminate();
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const received = this.#remember(request, await buffer(request));
      const answering = this.#queue.shift() ?? this.#answer;
      const answer = typeof answering === 'function' ? await answering(received) : answering;
      if (answer.delay !== undefined) await setTimeout(answer.delay);
      this.#send(answer, response);
    } catch (error) {
      // The client has left, or the test's own function has thrown.
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' });
      response.end(error instanceof Error ? error.message : String(error));
    }
  }

  #send(answer: FakeAnswer, response: ServerResponse): void {
    const { events, fault, status = 200 } = answer;
    if (fault === 'never') return;
    if (fault === 'reset') return void response.req.socket.resetAndDestroy();
    if (events !== undefined) {
      response.writeHead(status, {
        'content-type': 'text/event-stream',
        ...(answer.headers as Record<string, string>),
      });
      response.flushHeaders();
      for (const event of events) response.write(encodeEvent(event));
      this.#streams.add(response);
      response.once('close', () => this.#streams.delete(response));
      return;
    }
    const { bytes, fields } = encodeAnswer(answer);
    const hasBody = status !== 204 && status !== 304;
    response.writeHead(status, {
      ...(fields as Record<string, string>),
      ...(hasBody && { 'content-length': bytes.length }),
    });
    if (fault !== 'half') return void response.end(hasBody ? bytes : undefined);
    response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => response.req.socket.resetAndDestroy());
  }

  #remember(request: IncomingMessage, body: Buffer): ReceivedRequest {
    const received: ReceivedRequest = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: Object.fromEntries(
        Object.entries(request.headersDistinct).map(([name, values = []]) => [name, values.join(', ')]),
      ),
      rawHeaders: request.rawHeaders,
      body,
      get text() {
        return body.toString('utf8');
      },
      json: () => JSON.parse(body.toString('utf8')) as unknown,
    };
    this.requests.push(received);
    if (this.requests.length > mostKept) this.requests.shift();
    return received;
  }

  #echo(client: WebSocket): void {
    client.on('error', () => {});
    client.on('message', (data: Buffer, isBinary) => {
      if (!isBinary) this.messages.push(data.toString('utf8'));
      client.send(data, { binary: isBinary });
    });
  }
}
