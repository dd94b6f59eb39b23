import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { canonicalAddress } from '../../addresses/canonical-address.js';
import { fieldValueFrom } from '../../http/field-value.js';
import { parseHost } from '../../http/host.js';
import { newRequestId } from '../../http/request-id.js';
import type { Identity, PolicyContext, Releasable } from '../policy.js';
import { release } from '../release.js';
import { editField } from './edit-field.js';
import { platformExchange } from './exchange-on-platform.js';
import type { PlatformExchange } from './platform-exchange.js';

const contexts = new WeakMap<object, ControllerRequest>();

/** A request to a controller of your own, for policies, on Express and Fastify. Client, host and scheme are those of the platform, so its `trust proxy` applies. */
export class ControllerRequest implements PolicyContext {
  readonly protocol = 'http';
  readonly id: string;
  readonly host: string;
  readonly path: string;
  readonly query: string | undefined;
  readonly clientIp: string;
  identity: Identity | undefined;

  private constructor(readonly exchange: PlatformExchange) {
    const { host, id, ip, url } = exchange;
    const [path = '', ...query] = url.split('?');
    this.id = id ?? newRequestId();
    this.host = parseHost(host ?? '')?.host ?? '';
    this.path = path;
    this.query = query.length === 0 ? undefined : query.join('?');
    this.clientIp = canonicalAddress(ip ?? '') ?? 'unix';
  }

  /** The same object for each guard that a request passes. `request`, `response`: those of a context of type `http`. */
  static of(request: object, response: object): ControllerRequest {
    const exchange = platformExchange(request, response);
    let context = contexts.get(exchange.raw);
    if (context === undefined) contexts.set(exchange.raw, (context = new ControllerRequest(exchange)));
    return context;
  }

  /** Undefined until a policy has seen the request. */
  static find(request: { readonly raw?: IncomingMessage | Http2ServerRequest }): ControllerRequest | undefined {
    return contexts.get(request.raw ?? request);
  }

  get method(): string {
    return this.exchange.raw.method ?? '';
  }

  get scheme(): 'http' | 'https' {
    return this.exchange.scheme === 'https' ? 'https' : 'http';
  }

  get headers(): Readonly<IncomingHttpHeaders> {
    return this.exchange.headers;
  }

  get rawHeaders(): readonly string[] {
    return this.exchange.raw.rawHeaders;
  }

  get hasBody(): boolean {
    const { 'transfer-encoding': coding, 'content-length': length = '0' } = this.headers;
    return coding !== undefined || length !== '0' || this.exchange.hasParsedBody;
  }

  /** Handlers read it in `headers`. */
  setRequestHeader(name: string, value?: string): void {
    editField(this.exchange.raw.headers, name, value);
  }

  setResponseHeader(name: string, value: string): void {
    const text = fieldValueFrom(value);
    validateHeaderName(name);
    validateHeaderValue(name, text);
    if (!this.exchange.response.headersSent) this.exchange.setHeader(name, text);
  }

  /** The exchange is over when the response is closed: it has been sent, or its connection has gone. */
  onClose(held: Releasable): void {
    const { response } = this.exchange;
    if (isClosed(response)) release([held]);
    else response.once('close', () => release([held]));
  }
}

/** HTTP/2 has it on the stream. */
function isClosed(response: ServerResponse | Http2ServerResponse): boolean {
  return 'stream' in response ? response.stream.closed : response.closed;
}
