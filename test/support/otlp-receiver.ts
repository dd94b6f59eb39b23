import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { closeLater } from './cleanup.js';
import { eventually } from './poll.js';
import { fieldsOf, type ProtobufFields } from './protobuf.js';

type Value = string | number | boolean | undefined;
type Attributes = Readonly<Record<string, Value>>;

/** A span as a collector gets it (opentelemetry/proto/trace/v1/trace.proto). */
export interface ReceivedSpan {
  readonly name: string;
  readonly kind: 'server' | 'client';
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: it has none. */
  readonly parentId: string;
  readonly traceState: string;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Attributes;
  readonly events: readonly { readonly name: string; readonly time: bigint; readonly attributes: Attributes }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly isError: boolean;
  readonly flags: number;
  /** The resource that it comes from. */
  readonly resource: Attributes;
  readonly scope: string;
}

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

/** The spans of an ExportTraceServiceRequest. */
function spansIn(body: Buffer): ReceivedSpan[] {
  return fieldsOf(body)
    .messages(1)
    .flatMap(resourceSpans => {
      const resource = attributesOf(resourceSpans.messages(1)[0]!, 1);
      return resourceSpans.messages(2).flatMap(scopeSpans => {
        const scope = scopeSpans.messages(1)[0]!.text(1);
        return scopeSpans.messages(2).map(span => spanOf(span, resource, scope));
      });
    });
}

function spanOf(span: ProtobufFields, resource: Attributes, scope: string): ReceivedSpan {
  const kind = span.integer(6);
  if (kind !== 2n && kind !== 3n) throw new Error(`a span of kind ${kind}`);
  return {
    traceId: span.hex(1),
    spanId: span.hex(2),
    traceState: span.text(3),
    parentId: span.hex(4),
    name: span.text(5),
    kind: kind === 2n ? 'server' : 'client',
    start: span.integer(7),
    end: span.integer(8),
    attributes: attributesOf(span, 9),
    events: span.messages(11).map(event => ({
      time: event.integer(1),
      name: event.text(2),
      attributes: attributesOf(event, 3),
    })),
    links: span.messages(13).map(link => ({ traceId: link.hex(1), spanId: link.hex(2) })),
    isError: span.messages(15)[0]?.integer(3) === 2n,
    flags: Number(span.integer(16)),
    resource,
    scope,
  };
}

/** A list of KeyValue: key = 1, value = 2, an AnyValue. */
function attributesOf(message: ProtobufFields, field: number): Attributes {
  return Object.fromEntries(message.messages(field).map(pair => [pair.text(1), valueOf(pair.messages(2)[0])] as const));
}

function valueOf(value: ProtobufFields | undefined): Value {
  if (value === undefined) return undefined;
  if (value.has(1)) return value.text(1);
  if (value.has(2)) return value.integer(2) === 1n;
  if (value.has(3)) return Number(value.integer(3));
  if (value.has(4)) return value.double(4);
  throw new Error('a value of a kind that spans do not have');
}
