import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { canonicalAddress } from '../../addresses/canonical-address.js';
import { parseHost } from '../../http/host.js';
import type { Identity, PolicyContext, Releasable } from '../policy.js';
import { release } from '../release.js';

const contexts = new WeakMap<object, ControllerRequest>();

/** A request to a controller of your own, for policies. Client and host are those of Fastify, so its `trustProxy` applies. */
export class ControllerRequest implements PolicyContext {
  readonly protocol = 'http';
  readonly id: string;
  readonly host: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly clientIp: string;
  identity: Identity | undefined;

  private constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {
    const { id, host, ip, raw } = request;
    const [path = '', ...query] = (raw.url ?? '').split('?');
    this.id = id;
    this.host = parseHost(host)?.host ?? '';
    this.path = path;
    this.query = query.length === 0 ? undefined : query.join('?');
    this.clientIp = canonicalAddress(ip) ?? 'unix';
  }

  /** The same object for each guard that a request passes. */
  static of(request: FastifyRequest, reply: FastifyReply): ControllerRequest {
    let context = contexts.get(request.raw);
    if (context === undefined) contexts.set(request.raw, (context = new ControllerRequest(request, reply)));
    return context;
  }

  /** Undefined until a policy has seen the request. */
  static find(request: FastifyRequest): ControllerRequest | undefined {
    return contexts.get(request.raw);
  }

  get method(): string {
    return this.request.method;
  }

  get scheme(): 'http' | 'https' {
    return this.request.protocol;
  }

  get headers(): Readonly<IncomingHttpHeaders> {
    return this.request.headers;
  }

  get rawHeaders(): readonly string[] {
    return this.request.raw.rawHeaders;
  }

  get hasBody(): boolean {
    const { 'transfer-encoding': coding, 'content-length': length = '0' } = this.headers;
    // An HTTP/2 request with a body need declare neither.
    return coding !== undefined || length !== '0' || (this.request.body ?? undefined) !== undefined;
  }

  setRequestHeader(name: string, value?: string): void {
    const headers: IncomingHttpHeaders = this.request.raw.headers;
    if (value === undefined) Reflect.deleteProperty(headers, name.toLowerCase());
    else headers[name.toLowerCase()] = value;
  }

  setResponseHeader(name: string, value: string): void {
    void this.reply.header(name, value);
  }

  /** The exchange is over when the response is closed: it has been sent, or its connection has gone. */
  onClose(held: Releasable): void {
    const { raw } = this.reply;
    if (isClosed(raw)) release([held]);
    else raw.once('close', () => release([held]));
  }
}

/** HTTP/2 has it on the stream. */
function isClosed(response: ServerResponse | Http2ServerResponse): boolean {
  return 'stream' in response ? response.stream.closed : response.closed;
}
