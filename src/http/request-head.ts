import { foldName, isUnusualName } from '../fields/fold-name.js';
import { authenticatesConnection, takesSeveralSteps } from './connection-auth.js';
import { fieldsWhere } from './field-names.js';
import { RawHeaders } from '../fields/raw-headers.js';
import { RequestFieldRules, type FieldKind } from './request-field-rules.js';

const defaultRules = new RequestFieldRules();

/** Fields that frame, address or describe the message, which are checked here: `Connection` cannot name them away. */
const protectedFields = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'cookie',
  'authorization',
]);

const join = (list: string | undefined, value: string): string => (list === undefined ? value : `${list}, ${value}`);

/**
 * The head of a client's request, read in one pass: the fields that pass unchanged, in their order and spelling,
 * and the values of those that the gateway acts on (RFC 9110 §7.6). Look-alikes of the latter (`X_Forwarded_For`, `X.Real-IP`,
 * `Content_Length`) are dropped, even from a trusted proxy: many servers cannot tell them from the real ones.
 */
export class RequestHead {
  /** Fields for the backend, without those that the gateway makes itself. */
  readonly passed: RawHeaders = [];
  /** Fields in all. */
  readonly count: number;
  /** Bytes of all names and values. */
  readonly size: number;
  host: string | undefined;
  hosts = 0;
  connection: string | undefined;
  acceptsTrailers = false;
  /** The values of `Transfer-Encoding`, joined by commas. Any value, also one other than `chunked`, means that this field frames the body. */
  transferEncoding: string | undefined;
  contentLength: string | undefined;
  expect: string | undefined;
  via: string | undefined;
  forwarded: string | undefined;
  forwardedFor: string | undefined;
  forwardedProto: string | undefined;
  forwardedHost: string | undefined;
  forwardedPort: string | undefined;
  requestId: string | undefined;
  /** The field also passes to the backend unchanged. */
  accept: string | undefined;
  maxForwards: string | undefined;
  /** The token of `X-Gateway-Explain`, which never passes: the client asks for an explanation. */
  explain: string | undefined;
  /** What the sender says of a trace, joined by commas; undefined where the gateway does not trace: the fields pass then. */
  traceparent: string | undefined;
  tracestate: string | undefined;
  /** It has a `Trailer` field, which passes; where the body is not chunked it must not. */
  announcesTrailers = false;
  /** The client has sent the fields by which the gateway tells of certificates: they are dropped. */
  claimsCertificate = false;
  /** Its credentials let in the connection that they come by, not one request: `several` requests on it, or `one`. They pass. */
  connectionAuth: 'one' | 'several' | undefined;
  /** Names, in lower case, of fields that the client may not send: they are dropped, and no policy may believe them. */
  forged: string[] | undefined;
  /** What `Connection` names beside itself, in lower case: fields that end at this hop. */
  named: ReadonlySet<string> | undefined;
  /** The sender is a trusted proxy: what it says of other clients (`X-Forwarded-For`) is believed. */
  readonly #trusted: boolean;
  readonly #rules: RequestFieldRules;

  /** Unless the sender is `trusted`, what it says of other clients is dropped. */
  constructor(raw: readonly string[], rules: RequestFieldRules = defaultRules, trusted = false) {
    this.#rules = rules;
    this.#trusted = trusted;
    this.count = raw.length >> 1;
    let size = 0;
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!;
      const value = raw[i + 1]!;
      size += name.length + value.length;
      if (rules.isSuspect(name)) this.#read(name, value);
      else this.passed.push(name, value);
    }
    this.size = size;
    if (this.connection !== undefined) this.#removeNamed(this.connection);
  }

  /** The body is chunked: its length is not known before its end. */
  get chunked(): boolean {
    return this.transferEncoding !== undefined;
  }

  /** The request has a body: declared by its length or by chunked framing (RFC 9112 §6). */
  get hasBody(): boolean {
    return this.chunked || (this.contentLength !== undefined && this.contentLength !== '0');
  }

  /** Of the trailer fields behind its body, those that a backend may get. */
  trailers(raw: RawHeaders): RawHeaders {
    const { named } = this;
    const fields = this.#rules.trailers(raw);
    return named === undefined ? fields : fieldsWhere(fields, lower => !named.has(lower));
  }

  #read(name: string, value: string): void {
    const lower = name.toLowerCase();
    const kind = this.#rules.kindOf(lower);
    switch (kind) {
      case undefined:
        if (isUnusualName(lower) && this.#rules.kindOf(foldName(lower)) !== undefined) return this.#forge(lower);
        this.passed.push(name, value);
        return;
      case 'drop':
        return;
      case 'host':
        this.hosts++;
        this.host = value;
        return;
      case 'connection':
        this.connection = join(this.connection, value);
        return;
      case 'te':
        // Qualities do not matter: `trailers` takes none (RFC 9110 §10.1.4).
        if (/(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(value)) this.acceptsTrailers = true;
        return;
      case 'transfer-encoding':
        this.transferEncoding = join(this.transferEncoding, value);
        return;
      case 'content-length':
        // One spelling of each number: a leading zero makes it octal for some, and `00` must be as empty as `0`.
        this.contentLength = value.startsWith('0') ? value.replace(/^0+(?=\d)/, '') : value;
        return;
      case 'expect':
        this.expect = value;
        return;
      case 'via':
        this.via = join(this.via, value);
        return;
      case 'max-forwards':
        this.maxForwards = value;
        return;
      case 'trailer':
        this.announcesTrailers = true;
        this.passed.push(name, value);
        return;
      case 'accept':
        this.accept = join(this.accept, value);
        this.passed.push(name, value);
        return;
      case 'authorization':
        if (authenticatesConnection(value)) this.connectionAuth = takesSeveralSteps(value) ? 'several' : 'one';
        this.passed.push(name, value);
        return;
      case 'explain':
        this.explain = value;
        return this.#forge(lower);
      case 'traceparent':
        this.traceparent = join(this.traceparent, value);
        return;
      case 'tracestate':
        this.tracestate = join(this.tracestate, value);
        return;
      case 'certificate':
        this.claimsCertificate = true;
        return;
      default:
        if (this.#trusted) this.#readOfProxy(kind, name, value);
        else this.#forge(lower);
    }
  }

  /** What a trusted proxy says of its client. */
  #readOfProxy(kind: FieldKind, name: string, value: string): void {
    switch (kind) {
      case 'forwarded':
        this.forwarded = join(this.forwarded, value);
        return;
      case 'forwarded-for':
        this.forwardedFor = join(this.forwardedFor, value);
        return;
      case 'forwarded-proto':
        this.forwardedProto = value;
        return;
      case 'forwarded-host':
        this.forwardedHost = value;
        return;
      case 'forwarded-port':
        this.forwardedPort = value;
        return;
      case 'request-id':
        this.requestId = value;
        return;
      case 'real-ip':
        return;
      default:
        this.passed.push(name, value);
    }
  }

  #forge(lower: string): void {
    (this.forged ??= []).push(lower);
  }

  #removeNamed(connection: string): void {
    const lower = connection.toLowerCase();
    if (lower === 'keep-alive' || lower === 'close') return;
    const named = connectionOptions(lower);
    for (const name of protectedFields) named.delete(name);
    if (named.size === 0) return;
    this.named = named;
    if (named.has('expect')) this.expect = undefined;
    if (named.has('max-forwards')) this.maxForwards = undefined;
    if (named.has('traceparent')) this.traceparent = undefined;
    if (named.has('tracestate')) this.tracestate = undefined;
    RawHeaders.removeAll(this.passed, named);
  }
}

/** The options of a `Connection` value in lower case: the names of fields that end at this hop (RFC 9110 §7.6.1). */
export function connectionOptions(value: string): Set<string> {
  return new Set(
    value
      .toLowerCase()
      .split(',')
      // Not trim(), which takes the byte A0 as well: only space and tab are white space in a field (RFC 9110 §5.6.3).
      .map(option => option.replace(/^[ \t]+|[ \t]+$/g, ''))
      .filter(option => option !== '' && option !== 'close' && option !== 'keep-alive'),
  );
}
