import { STATUS_CODES } from 'node:http';
import { fieldValueOf } from '../../http/field-value.js';
import type { LocalResponse } from '../../http/problem.js';
import type { RawHeaders } from '../../fields/raw-headers.js';
import type { HeaderRules } from '../../http/header-rules.js';
import type { ExchangeView } from './exchange-view.js';

/** A route that the gateway answers itself: a redirect or a fixed response. */
export interface LocalPlan {
  readonly kind: 'local';
  /** `rules`: what the route does to the fields of responses. */
  respond(exchange: ExchangeView, rules: HeaderRules | undefined): LocalResponse;
}

/** A redirect: `Location` from the route's template, and the name of the status as its body, for a person who sees the answer itself. */
export class RedirectPlan implements LocalPlan {
  readonly kind = 'local';

  constructor(private readonly status: number) {}

  respond({ location: asked, query }: ExchangeView): LocalResponse {
    const { match, forwardedPath, routingPath } = asked;
    const location = match!.route.redirect!.location(
      match!.pattern,
      { raw: forwardedPath, routing: routingPath },
      query,
    );
    const body = `${STATUS_CODES[this.status]}\n`;
    return {
      status: this.status,
      headers: [
        'Location',
        location,
        'Content-Type',
        'text/plain; charset=utf-8',
        'Content-Length',
        String(body.length),
      ],
      body,
    };
  }
}

/** A fixed response. */
export class FixedPlan implements LocalPlan {
  readonly kind = 'local';
  readonly #headers: RawHeaders;
  readonly #body: Buffer;

  constructor(
    private readonly status: number,
    headers: ReadonlyMap<string, string> | undefined,
    body: string | Buffer | undefined,
  ) {
    this.#body = Buffer.from(body ?? '');
    this.#headers = [];
    const names = new Set<string>();
    for (const [name, value] of headers ?? []) {
      names.add(name.toLowerCase());
      this.#headers.push(name, fieldValueOf(value));
    }
    const bodiless = status === 204 || status === 304;
    if (!bodiless && !names.has('content-type')) this.#headers.push('Content-Type', 'text/plain; charset=utf-8');
    if (!bodiless) this.#headers.push('Content-Length', String(this.#body.length));
  }

  respond(_: unknown, rules: HeaderRules | undefined): LocalResponse {
    const headers = [...this.#headers];
    rules?.apply(headers);
    return { status: this.status, headers, body: this.#body };
  }
}
