import type { IncomingHttpHeaders } from 'node:http';
import type { GatewayConfig } from '../config/file/gateway.config.js';
import { securityOf, type EffectiveSecurity } from '../config/file/route-settings.js';
import { RawHeaders } from '../fields/raw-headers.js';
import type { PolicyScope } from './policy-source.js';
import type { Identity, PolicyContext, Releasable } from './policy.js';

/** The properties of a request for a test; the others are those of a plain GET. `fields`: as on the wire, name, value, name, value … */
export interface RequestSketch {
  readonly method?: string;
  readonly fields?: readonly string[];
  readonly scheme?: 'http' | 'https';
}

/** A request for tests of policies, which records their changes. Repeated fields are joined as in Node. */
export class SketchedRequest implements PolicyContext {
  readonly id = 'test';
  readonly protocol = 'http';
  readonly host = 'shop.example';
  readonly path = '/';
  readonly query = undefined;
  readonly clientIp = '192.0.2.1';
  readonly method: string;
  readonly scheme: 'http' | 'https';
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingHttpHeaders = {};
  identity: Identity | undefined;
  readonly requestEdits: [name: string, value: string | undefined][] = [];
  readonly responseEdits: [name: string, value: string][] = [];
  readonly #held: Releasable[] = [];

  constructor({ method = 'GET', fields = [], scheme = 'http' }: RequestSketch = {}) {
    this.method = method;
    this.scheme = scheme;
    this.rawHeaders = fields;
    for (const [spelled, value] of RawHeaders.pairs(fields)) {
      const name = spelled.toLowerCase();
      const before = Object.hasOwn(this.headers, name) ? this.headers[name] : undefined;
      if (before === undefined) this.headers[name] = value;
      else if (name !== 'content-type') this.headers[name] = `${String(before)}, ${value}`;
    }
  }

  get hasBody(): boolean {
    const { 'transfer-encoding': coding, 'content-length': length = '0' } = this.headers;
    return coding !== undefined || length !== '0';
  }

  setRequestHeader(name: string, value?: string): void {
    this.requestEdits.push([name, value]);
  }

  setResponseHeader(name: string, value: string): void {
    this.responseEdits.push([name, value]);
  }

  onClose(held: Releasable): void {
    this.#held.push(held);
  }

  /** The exchange is over. */
  close(): void {
    for (const each of this.#held.splice(0)) each.release();
  }
}

/** What policies are made for: a route of a configuration, by its place there; without one, controllers of an application. */
export function scopeOf(config: GatewayConfig, index?: number): PolicyScope {
  if (index === undefined) return { config, path: 'security', route: undefined };
  return { config, path: `routes[${index}].security`, route: config.routes[index]!.name };
}

/** What a source makes for the route at that place of a configuration. */
export function sourced<Made>(
  source: { policies(security: EffectiveSecurity, scope: PolicyScope): Made },
  config: GatewayConfig,
  index = 0,
): Made {
  return source.policies(securityOf(config, config.routes[index]!), scopeOf(config, index));
}
