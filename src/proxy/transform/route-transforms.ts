import { isEventStream } from '../../http/event-stream-type.js';
import { GatewayError } from '../../http/gateway-error.js';
import { RawHeaders } from '../../fields/raw-headers.js';
import type { ForwardRequest } from '../forwarder/forwarder.js';
import { HeldResponse, type BodyTransform } from './held-response.js';
import { TransformedFields } from './transformed-fields.js';
import type { ExchangeTransformer, TransformedExchange, TransformedResponse } from './transformer.js';

/** A transformer with its name in the configuration. */
interface NamedTransformer {
  readonly name: string;
  readonly transformer: ExchangeTransformer;
}

/** Bytes of a body that is held where a transformer says nothing, and at most. */
const [usualBody, largestBody] = [1024 * 1024, 64 * 1024 * 1024];

/** Fields of a request that would bring a part of a body. */
const partial: ReadonlySet<string> = new Set(['range', 'if-range']);

/** The transformers of a route, in their order. */
export class RouteTransforms {
  readonly #all: readonly NamedTransformer[];
  readonly #holdsBodies: boolean;

  constructor(all: readonly NamedTransformer[]) {
    this.#all = all;
    this.#holdsBodies = all.some(({ transformer }) => transformer.transformBody !== undefined);
  }

  /** The request as a backend is to get it; or why it is not sent. */
  request(exchange: TransformedExchange, request: ForwardRequest): ForwardRequest | GatewayError {
    const { headers } = request;
    let { path } = request;
    if (this.#holdsBodies) {
      RawHeaders.removeAll(headers, partial);
      RawHeaders.set(headers, 'Accept-Encoding', 'identity');
    }
    const fields = new TransformedFields(headers);
    const view = {
      exchange,
      method: request.method,
      fields,
      get path() {
        return path;
      },
      set path(next: string) {
        if (!/^(?:\/|\*$)[\x21-\x7e]*$/.test(next) || next.includes('#'))
          throw new TypeError(`no path: ${JSON.stringify(next)}`);
        path = next;
      },
    };
    for (const { name, transformer } of this.#all) {
      try {
        transformer.transformRequest?.(view);
      } catch (error) {
        return failed(name, error);
      }
    }
    return { ...request, path };
  }

  /**
   * Changes the head of a response in place. Returns its status; or what holds the response until its body is transformed; or why it cannot be sent.
   * `method`: of the request.
   */
  response(exchange: TransformedExchange, status: number, headers: RawHeaders): number | HeldResponse | GatewayError {
    const view = new ResponseView(exchange, status, headers);
    for (const { name, transformer } of this.#all) {
      try {
        transformer.transformResponse?.(view);
      } catch (error) {
        return failed(name, error);
      }
    }
    if (!this.#holdsBodies || status === 101 || isEventStream(headers)) return view.status;
    let wanted: readonly NamedTransformer[];
    try {
      wanted = this.#all.filter(
        ({ transformer }) => transformer.transformBody !== undefined && transformer.wantsBody?.(view) !== false,
      );
    } catch (error) {
      return failed(this.#all.map(({ name }) => name).join(', '), error);
    }
    if (wanted.length === 0) return view.status;
    const isPartial = status === 206;
    if (isPartial)
      return failed(wanted[0]!.name, new Error('the backend has sent a part (206) that was not asked for'));
    loosen(headers);
    if (!hasBody(exchange.method, status)) {
      RawHeaders.remove(headers, 'content-length');
      return view.status;
    }
    return HeldResponse.of(view, headers, wanted.map(stepOf));
  }
}

/** The head of a response, as transformers see it. */
class ResponseView implements TransformedResponse {
  readonly fields: TransformedFields;
  #status: number;

  constructor(
    readonly exchange: TransformedExchange,
    status: number,
    headers: RawHeaders,
  ) {
    this.#status = status;
    this.fields = new TransformedFields(headers);
  }

  get status(): number {
    return this.#status;
  }

  set status(status: number) {
    const isSameKind = isBodiless(status) === isBodiless(this.#status);
    if (!Number.isInteger(status) || status < 200 || status > 999 || this.#status === 101 || !isSameKind)
      throw new TypeError(`the status ${this.#status} cannot become ${status}`);
    this.#status = status;
  }
}

const isBodiless = (status: number): boolean => status === 204 || status === 205 || status === 304;

const hasBody = (method: string, status: number): boolean => method !== 'HEAD' && !isBodiless(status);

function stepOf({ name, transformer }: NamedTransformer): BodyTransform {
  return {
    name,
    limit: Math.min(transformer.maxBody ?? usualBody, largestBody),
    transform: (body, response) => transformer.transformBody!(body, response),
  };
}

/** What no longer holds of a body that is another one: its checksums, its parts, that it is the same byte by byte. */
function loosen(headers: RawHeaders): void {
  for (const name of ['content-md5', 'digest', 'content-digest', 'repr-digest', 'accept-ranges', 'trailer'])
    RawHeaders.remove(headers, name);
  const tag = RawHeaders.get(headers, 'etag');
  if (tag !== undefined && !tag.startsWith('W/')) RawHeaders.set(headers, 'ETag', `W/${tag}`);
}

/** A transformer has failed: its fault is neither the client's nor a backend's. */
export function failed(name: string, error: unknown): GatewayError {
  const reason = `transformer ${name}: ${error instanceof Error ? error.message : String(error)}`;
  return new GatewayError('INTERNAL', 'The gateway could not handle the request.', reason);
}
