import { authenticatesConnection, takesSeveralSteps } from './connection-auth.js';
import type { RawHeaders } from './raw-headers.js';

const enum Field {
  Drop = 1,
  Host,
  Connection,
  Te,
  TransferEncoding,
  ContentLength,
  Expect,
  Via,
  Forwarded,
  ForwardedFor,
  ForwardedProto,
  ForwardedHost,
  ForwardedPort,
  RequestId,
  Trailer,
  Accept,
  MaxForwards,
  ClientCertificate,
  Authorization,
}

/** The fields that do not simply pass. All others are copied without a look at their name. */
const fields = new Map<string, Field>([
  ['connection', Field.Connection],
  ['keep-alive', Field.Drop],
  ['proxy-connection', Field.Drop],
  ['proxy-authenticate', Field.Drop],
  ['proxy-authorization', Field.Drop],
  ['upgrade', Field.Drop],
  ['http2-settings', Field.Drop],
  ['te', Field.Te],
  ['transfer-encoding', Field.TransferEncoding],
  ['content-length', Field.ContentLength],
  ['expect', Field.Expect],
  ['host', Field.Host],
  ['via', Field.Via],
  ['forwarded', Field.Forwarded],
  ['x-forwarded-for', Field.ForwardedFor],
  ['x-forwarded-proto', Field.ForwardedProto],
  ['x-forwarded-host', Field.ForwardedHost],
  ['x-forwarded-port', Field.ForwardedPort],
  ['x-real-ip', Field.Drop],
  ['x-request-id', Field.RequestId],
  // Only the gateway says who has proved to hold a certificate.
  ['x-client-cert-subject', Field.ClientCertificate],
  ['x-client-cert-fingerprint', Field.ClientCertificate],
  ['max-forwards', Field.MaxForwards],
  ['trailer', Field.Trailer],
  ['accept', Field.Accept],
  ['authorization', Field.Authorization],
]);

/** Lengths of those names: most fields are told apart by their length alone, without lower-casing them. */
const lengths = new Uint8Array(64);
for (const name of fields.keys()) lengths[name.length] = 1;

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
 * and the values of those that the gateway acts on (RFC 9110 §7.6). Look-alikes of the latter with underscores
 * (`X_Forwarded_For`, `Content_Length`) are dropped: many servers cannot tell them apart.
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
  /** The body is framed by `Transfer-Encoding`, whatever that says. */
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
  /** It passes as it is, too. */
  accept: string | undefined;
  maxForwards: string | undefined;
  /** It has a `Trailer` field, which passes; where the body is not chunked it must not. */
  announcesTrailers = false;
  /** The client has sent the fields by which the gateway tells of certificates: they are dropped. */
  claimsCertificate = false;
  /** Its credentials let in the connection that they come by, not one request: `several` requests on it, or `one`. They pass. */
  connectionAuth: 'one' | 'several' | undefined;

  constructor(raw: readonly string[]) {
    this.count = raw.length >> 1;
    let size = 0;
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i]!;
      const value = raw[i + 1]!;
      size += name.length + value.length;
      if (name.length < 64 && lengths[name.length] === 1) this.#read(name, value);
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

  #read(name: string, value: string): void {
    let lower = name.toLowerCase();
    const field = fields.get(lower);
    switch (field) {
      case undefined:
        if (lower.includes('_')) {
          lower = lower.replaceAll('_', '-');
          if (fields.has(lower)) return;
        }
        this.passed.push(name, value);
        return;
      case Field.Drop:
        return;
      case Field.Host:
        this.hosts++;
        this.host = value;
        return;
      case Field.Connection:
        this.connection = join(this.connection, value);
        return;
      case Field.Te:
        // Qualities do not matter: `trailers` takes none (RFC 9110 §10.1.4).
        if (/(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(value)) this.acceptsTrailers = true;
        return;
      case Field.TransferEncoding:
        this.transferEncoding = join(this.transferEncoding, value);
        return;
      case Field.ContentLength:
        // One spelling of each number: a leading zero makes it octal for some, and `00` must be as empty as `0`.
        this.contentLength = value.startsWith('0') ? value.replace(/^0+(?=\d)/, '') : value;
        return;
      case Field.Expect:
        this.expect = value;
        return;
      case Field.Via:
        this.via = join(this.via, value);
        return;
      case Field.Forwarded:
        this.forwarded = join(this.forwarded, value);
        return;
      case Field.ForwardedFor:
        this.forwardedFor = join(this.forwardedFor, value);
        return;
      case Field.ForwardedProto:
        this.forwardedProto = value;
        return;
      case Field.ForwardedHost:
        this.forwardedHost = value;
        return;
      case Field.ForwardedPort:
        this.forwardedPort = value;
        return;
      case Field.RequestId:
        this.requestId = value;
        return;
      case Field.MaxForwards:
        this.maxForwards = value;
        return;
      case Field.Trailer:
        this.announcesTrailers = true;
        this.passed.push(name, value);
        return;
      case Field.Accept:
        this.accept = join(this.accept, value);
        this.passed.push(name, value);
        return;
      case Field.Authorization:
        if (authenticatesConnection(value)) this.connectionAuth = takesSeveralSteps(value) ? 'several' : 'one';
        this.passed.push(name, value);
        return;
      case Field.ClientCertificate:
        this.claimsCertificate = true;
        return;
    }
  }

  #removeNamed(connection: string): void {
    const lower = connection.toLowerCase();
    if (lower === 'keep-alive' || lower === 'close') return;
    const named = connectionOptions(lower);
    for (const name of protectedFields) named.delete(name);
    if (named.size === 0) return;
    if (named.has('expect')) this.expect = undefined;
    if (named.has('max-forwards')) this.maxForwards = undefined;
    removeFields(this.passed, named);
  }
}

/** The options of a `Connection` value in lower case: the names of fields that end at this hop (RFC 9110 §7.6.1). */
export function connectionOptions(value: string): Set<string> {
  return new Set(
    value
      .split(',')
      .map(option => option.trim().toLowerCase())
      .filter(option => option !== '' && option !== 'close' && option !== 'keep-alive'),
  );
}

/** Removes the fields of those lower-case names, in place. */
export function removeFields(headers: RawHeaders, names: { has(name: string): boolean }): void {
  let kept = 0;
  for (let i = 0; i < headers.length; i += 2) {
    if (names.has(headers[i]!.toLowerCase())) continue;
    headers[kept] = headers[i]!;
    headers[kept + 1] = headers[i + 1]!;
    kept += 2;
  }
  headers.length = kept;
}
