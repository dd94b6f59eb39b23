import { valueOf, valuesOf } from './header-list.js';

/** A 1xx response. */
export interface Informational {
  readonly status: number;
  readonly rawHeaders: string[];
}

/**
 * How a response ended. Clean: `content-length` (all bytes came), `chunked` (with its last chunk), `no-body` (HEAD, 204, 304),
 * `close` (neither length nor chunks, then FIN), `upgrade` (101, or 2xx to CONNECT). Broken: `truncated` (FIN too early),
 * `reset`, `timeout` (nothing more came in time), `malformed` (not HTTP).
 */
export type Ending =
  'content-length' | 'chunked' | 'no-body' | 'close' | 'upgrade' | 'truncated' | 'reset' | 'timeout' | 'malformed';

const cleanEndings: ReadonlySet<Ending> = new Set(['content-length', 'chunked', 'no-body', 'close', 'upgrade']);

/** A response read from raw bytes, whole or broken. */
export class RawResponse {
  constructor(
    /** 0 when no status line came. */
    readonly status: number,
    readonly reason: string,
    /** `1.1` or `1.0`; empty when no status line came. */
    readonly httpVersion: string,
    readonly rawHeaders: string[],
    /** Content, with chunk framing taken off; as much of it as came. */
    readonly body: Buffer,
    readonly rawTrailers: string[],
    /** The 1xx responses that came before. */
    readonly informational: Informational[],
    readonly ending: Ending,
    /** Size of each chunk of a chunked body, without the last. */
    readonly chunkSizes: number[],
  ) {}

  /** True: the client can know that it has the whole message. */
  get clean(): boolean {
    return cleanEndings.has(this.ending);
  }

  get text(): string {
    return this.body.toString();
  }

  json<T = unknown>(): T {
    return JSON.parse(this.text) as T;
  }

  header(name: string): string | undefined {
    return valueOf(this.rawHeaders, name);
  }

  headerValues(name: string): string[] {
    return valuesOf(this.rawHeaders, name);
  }
}

/** What a connection did besides sending bytes: nothing yet, or how it ended. */
export type ConnectionState = 'open' | 'end' | 'reset' | 'timeout';

class Malformed extends Error {}

/** A position in bytes; every `take` gives undefined when the bytes do not suffice. */
class Cursor {
  at = 0;
  constructor(readonly bytes: Buffer) {}

  line(): string | undefined {
    const end = this.bytes.indexOf('\r\n', this.at);
    if (end < 0) return undefined;
    const line = this.bytes.toString('latin1', this.at, end);
    this.at = end + 2;
    return line;
  }

  fields(): string[] | undefined {
    const fields: string[] = [];
    for (let line = this.line(); line !== ''; line = this.line()) {
      if (line === undefined) return undefined;
      const colon = line.indexOf(':');
      if (colon < 1) throw new Malformed(`not a header field: ${line}`);
      fields.push(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    return fields;
  }

  take(length: number): Buffer {
    const piece = this.bytes.subarray(this.at, this.at + length);
    this.at += piece.length;
    return piece;
  }
}

interface Body {
  readonly content: Buffer;
  readonly trailers?: string[];
  readonly chunkSizes?: number[];
  /** Undefined: more bytes are needed. */
  readonly ending: Ending | undefined;
}

function chunkedBody(cursor: Cursor): Body {
  const chunks: Buffer[] = [];
  const chunkSizes: number[] = [];
  const sofar = (): Body => ({ content: Buffer.concat(chunks), chunkSizes, ending: undefined });
  for (;;) {
    const line = cursor.line();
    if (line === undefined) return sofar();
    const digits = /^[0-9a-fA-F]+(?=$|[; \t])/.exec(line)?.[0];
    if (digits === undefined) throw new Malformed(`not a chunk size: ${line}`);
    const size = Number.parseInt(digits, 16);
    if (size === 0) {
      const trailers = cursor.fields();
      return trailers === undefined ? sofar() : { ...sofar(), trailers, ending: 'chunked' };
    }
    const chunk = cursor.take(size);
    if (chunk.length > 0) chunks.push(chunk);
    if (chunk.length < size) return sofar();
    chunkSizes.push(size);
    const end = cursor.take(2);
    if (end.length < 2) return sofar();
    if (end.toString('latin1') !== '\r\n') throw new Malformed('a chunk does not end with CRLF');
  }
}

function bodyOf(cursor: Cursor, status: number, fields: string[], method: string, ended: boolean): Body {
  const nothing = Buffer.alloc(0);
  if (status === 101 || (method === 'CONNECT' && status < 300)) return { content: nothing, ending: 'upgrade' };
  if (method === 'HEAD' || status === 204 || status === 304) return { content: nothing, ending: 'no-body' };
  const coding = valuesOf(fields, 'transfer-encoding').join(', ').toLowerCase();
  if (/(^|[\s,])chunked$/.test(coding)) return chunkedBody(cursor);
  const lengths = valuesOf(fields, 'content-length');
  if (lengths.length === 0 || coding !== '') {
    return { content: cursor.take(Infinity), ending: ended ? 'close' : undefined };
  }
  if (lengths.length > 1 || !/^\d+$/.test(lengths[0] ?? ''))
    throw new Malformed(`content-length: ${lengths.join(', ')}`);
  const content = cursor.take(Number(lengths[0]));
  return { content, ending: content.length === Number(lengths[0]) ? 'content-length' : undefined };
}

const unfinished: Readonly<Record<Exclude<ConnectionState, 'open'>, Ending>> = {
  end: 'truncated',
  reset: 'reset',
  timeout: 'timeout',
};

/**
 * Reads the first response in `bytes` (RFC 9112 §6.3). Undefined: it is not whole yet and the connection is still open.
 * `used` says how many bytes it took, so that the next response of the connection can be read behind it.
 */
export function readResponse(
  bytes: Buffer,
  method: string,
  connection: ConnectionState,
): { readonly response: RawResponse; readonly used: number } | undefined {
  const cursor = new Cursor(bytes);
  const informational: Informational[] = [];
  let head = { status: 0, reason: '', httpVersion: '', fields: [] as string[] };
  let body: Body = { content: Buffer.alloc(0), ending: undefined };
  let ending: Ending | undefined;
  try {
    for (;;) {
      const line = cursor.line();
      if (line === undefined) break;
      const match = /^HTTP\/(\d\.\d) (\d{3})(?: (.*))?$/.exec(line);
      if (match === null) throw new Malformed(`not a status line: ${line}`);
      const fields = cursor.fields();
      if (fields === undefined) break;
      const status = Number(match[2]);
      if (status < 200 && status !== 101) {
        informational.push({ status, rawHeaders: fields });
        continue;
      }
      head = { status, reason: match[3] ?? '', httpVersion: match[1] ?? '', fields };
      body = bodyOf(cursor, status, fields, method, connection === 'end');
      ending = body.ending;
      break;
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    ending = 'malformed';
  }
  if (ending === undefined) {
    if (connection === 'open') return undefined;
    ending = unfinished[connection];
  }
  const { status, reason, httpVersion, fields } = head;
  const { content, trailers = [], chunkSizes = [] } = body;
  return {
    response: new RawResponse(
      status,
      reason,
      httpVersion,
      fields,
      content,
      trailers,
      informational,
      ending,
      chunkSizes,
    ),
    used: cursor.at,
  };
}
