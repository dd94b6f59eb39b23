/** An event of `text/event-stream`. */
export interface FakeEvent {
  /** The lines of its data. */
  readonly data: string;
  /** Its type. Default: none, which is `message`. */
  readonly event?: string;
  readonly id?: string;
}

/** How a {@link FakeBackend} answers a request. Every member may be left out: then it is 200 with the body `ok`. */
export interface FakeAnswer {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A text, bytes, or a value that is sent as JSON. Default: `ok`. */
  readonly body?: unknown;
  /** Milliseconds to wait before the head of the answer. Default: 0. */
  readonly delay?: number;
  /**
   * `reset`: the connection is reset before the answer. `half`: the head, half of the body, then a reset. `never`: no answer, until the backend is closed.
   * Default: it answers.
   */
  readonly fault?: 'reset' | 'half' | 'never';
  /** An event stream: these events, and then more by {@link FakeBackend.sendEvent}, until {@link FakeBackend.endEvents}. */
  readonly events?: readonly FakeEvent[];
}

/** A request as a {@link FakeBackend} has got it. */
export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  /** By name in lower case; values of a repeated field are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** As on the wire: name, value, name, value … */
  readonly rawHeaders: readonly string[];
  /** The whole body. */
  readonly body: Buffer;
  /** The body as text. */
  readonly text: string;
  /** The body as JSON. Throws a SyntaxError where it is none. */
  json(): unknown;
}

/** The bytes and the fields of an answer. */
export function encodeAnswer({ body = 'ok', headers = {} }: FakeAnswer): {
  readonly bytes: Buffer;
  readonly fields: Record<string, string | readonly string[]>;
} {
  const hasType = Object.keys(headers).some(name => name.toLowerCase() === 'content-type');
  if (Buffer.isBuffer(body) || body instanceof Uint8Array) return { bytes: Buffer.from(body), fields: { ...headers } };
  const isText = typeof body === 'string';
  const type = isText ? 'text/plain; charset=utf-8' : 'application/json';
  const fields = { ...(!hasType && { 'content-type': type }), ...headers };
  return { bytes: Buffer.from(isText ? body : JSON.stringify(body)), fields };
}

/** An event as it stands in the stream. */
export function encodeEvent({ data, event, id }: FakeEvent): string {
  const lines = data.split('\n').map(line => `data: ${line}\n`);
  return `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}${lines.join('')}\n`;
}
