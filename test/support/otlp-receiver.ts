import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { closeLater } from './cleanup.js';
import { spansIn, type ReceivedSpan } from './otlp-spans.js';
import { eventually } from './poll.js';

/** How the receiver answers: a status with fields, or, undefined, never. */
export type CollectorAnswer = { readonly status: number; readonly headers?: Record<string, string> } | undefined;

/** A real server that takes OTLP over HTTP in Protobuf, and decodes what it has taken. Closed when the test has finished. */
export class OtlpReceiver {
  /** The spans of all messages that were answered with 200. */
  readonly spans: ReceivedSpan[] = [];
  /** The heads of all messages. */
  readonly messages: { readonly url: string; readonly headers: http.IncomingHttpHeaders }[] = [];
  /** All bytes of all messages, in Latin-1: for secrets that must not be in it. */
  text = '';
  answer: CollectorAnswer = { status: 200 };
  readonly #server = http.createServer((request, response) => void this.#take(request, response));

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The spans of a request, by its id: that of the exchange first, then those of its attempts in their order. Undefined: they are not there. */
  of(requestId: string | undefined): { server: ReceivedSpan; clients: ReceivedSpan[] } | undefined {
    const server = this.spans.find(({ attributes }) => attributes['gatehouse.request_id'] === requestId);
    if (server === undefined) return undefined;
    const clients = this.spans.filter(({ parentId }) => parentId === server.spanId);
    return { server, clients: clients.sort((a, b) => Number(a.start - b.start)) };
  }

  /** Waits for the next message. */
  async message(): Promise<void> {
    const before = this.messages.length;
    await eventually(() => this.messages.length > before, { what: 'a message to the collector' });
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    closeLater(() => {
      this.#server.close();
      this.#server.closeAllConnections();
    });
  }

  async #take(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    request.on('error', () => {});
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const sent = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    this.messages.push({ url: request.url ?? '', headers: request.headers });
    this.text += body.toString('latin1');
    if (this.answer === undefined) return;
    const { headers, status } = this.answer;
    if (status === 200) this.spans.push(...spansIn(body));
    response.writeHead(status, headers).end();
  }
}

/** Starts a receiver and waits until it listens. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const receiver = new OtlpReceiver();
  await receiver.listen();
  return receiver;
}
