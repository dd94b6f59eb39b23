import { createNamedDecorator } from '../../extension/named.js';
import type { RequestInfo } from '../../http/request-info.js';
import type { TransformedFields } from './transformed-fields.js';

/** The request that a client has made, as transformers see it. */
export interface TransformedExchange extends RequestInfo {
  /** The query without its `?`; undefined: there is none. */
  readonly query: string | undefined;
  /** The scheme that the client used. */
  readonly scheme: 'http' | 'https';
  /** The name of the route; undefined: none fits. */
  readonly routeName: string | undefined;
  /** The name of the upstream that carries it. */
  readonly upstreamName: string | undefined;
  /** Who sent it, as a policy has found out; undefined: none has. */
  readonly identity: { readonly scheme: string; readonly subject: string } | undefined;
}

/** The head of a request on its way to a backend. */
export interface TransformedRequest {
  /** What the client has asked for. */
  readonly exchange: TransformedExchange;
  readonly method: string;
  /** Path and query as the backend gets them, rewrites of the route applied. May be set; throws a TypeError for what is no path. */
  path: string;
  /** The fields, those that the route sets among them. */
  readonly fields: TransformedFields;
}

/** The head of a backend's response on its way to the client. */
export interface TransformedResponse {
  readonly exchange: TransformedExchange;
  /** 200 to 999, or 101 for an upgrade. May be set to another one with a body where it has one; throws a TypeError else. */
  status: number;
  readonly fields: TransformedFields;
}

/**
 * Changes requests and responses of routes that name it under `transformers`. Each entry of the configuration has its own instance, so state is a plain field; it is shared by
 * all requests. What a function throws ends the request with 500 `INTERNAL`, and nothing of the response is sent. Responses that the gateway makes itself pass by.
 */
export interface ExchangeTransformer {
  /** Changes the head of a request. Called for each attempt on a backend: a request that is tried again comes again. */
  transformRequest?(request: TransformedRequest): void;
  /** Changes the head of the response, before its body is looked at. Called once, for the response that the client gets, an event stream and an upgrade among them. */
  transformResponse?(response: TransformedResponse): void;
  /** Whether `transformBody` is to get the body of this response. Default: each body that there is. */
  wantsBody?(response: TransformedResponse): boolean;
  /**
   * Gives the body that the client gets in the place of this one, which is whole and not compressed. It is called neither for HEAD, 204 and 304, which have none, nor for event
   * streams and upgrades, which have no end. A promise is waited for; meanwhile nothing of the response is sent.
   *
   * Routes with such a transformer ask backends for bodies that are whole and not compressed (no `Range`, `Accept-Encoding: identity`); a body that is compressed all the same is
   * decompressed. The response loses its checksums and ranges, its ETag becomes a weak one, its length is that of the new body.
   */
  transformBody?(body: Buffer, response: TransformedResponse): Buffer | string | Promise<Buffer | string>;
  /** Bytes of the largest body that is held for `transformBody`, decompressed: a larger one ends the request with 500. At most 64 MiB. Default: 1 MiB. */
  readonly maxBody?: number;
}

/** Changes requests and responses: see {@link Transformer}. */
export type Transformer = ExchangeTransformer;

/**
 * Names a transformer: `@Transformer('mask')`, or `@Transformer('mask', { options: MaskOptions })` for one that takes options by `configure`.
 * Provide the class in any module and write the name under `transformers` of a route.
 *
 * @example
 * ```ts
 * @Transformer('mask')
 * class Mask implements ExchangeTransformer {
 *   wantsBody({ fields }: TransformedResponse): boolean {
 *     return fields.get('content-type')?.startsWith('application/json') === true;
 *   }
 *
 *   transformBody(body: Buffer): string {
 *     return JSON.stringify({ ...JSON.parse(body.toString()), card: '****' });
 *   }
 * }
 * ```
 */
export const Transformer = createNamedDecorator<ExchangeTransformer>('transformer');
