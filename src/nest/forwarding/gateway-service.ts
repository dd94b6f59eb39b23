import { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Entrance } from '../../proxy/entrance.js';
import type { Exchange } from '../../proxy/exchange.js';
import { HostedExchanges } from '../../proxy/hosted-exchanges.js';
import { LiveRules } from '../../proxy/live-rules.js';
import { platformExchange } from '../../security/controllers/exchange-on-platform.js';
import type { FastifyReply, FastifyRequest } from '../../security/controllers/fastify-exchange.js';
import { passRequestEdits, passResponseFields } from './application-edits.js';
import { bodyAgain } from './body-again.js';
import { BackendControl } from '../../upstream/control/backend-control.js';
import { Upstreams } from '../../upstream/upstreams.js';
import { ForwardError } from './forward-error.js';

/** What logs, metrics and `match.listeners` call requests that code of the application forwards. */
const listener = 'application';

/** How a request is forwarded. */
export interface ForwardOptions {
  /**
   * The upstream that takes it, past the routes of the configuration: the policies of the configuration are not asked, since guards of your own are. Default: the route that fits, with its policies.
   */
  readonly upstream?: string;
  /**
   * The path that is asked for in place of the client's, or a function that makes it from that. It begins with a slash. The client's query is kept, unless the path
   * has one. Default: the client's path.
   */
  readonly rewrite?: string | ((path: string) => string);
  /** Fields that the backend gets in place of the client's; undefined takes a field away. Default: none. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

/** The gateway, for code of an application: `constructor(private readonly gateway: GatewayService)`. Of a gateway with a name: `@InjectGatewayService(name)`. */
@Injectable()
export class GatewayService {
  constructor(
    private readonly hosted: HostedExchanges,
    private readonly entrance: Entrance,
    private readonly rules: LiveRules,
    /** The upstreams, by name, with their backends. */
    readonly upstreams: Upstreams,
    /** Drains backends and sets their weights by hand, as the admin API does. */
    readonly control: BackendControl,
  ) {}

  /**
   * Forwards a request of the application, with all that the gateway does for requests of its listeners: breaker, retries, time limits, metrics, access line, trace. `request` and
   * `response` are those of Express (`@Req()`, `@Res()`), of Fastify, or Node's own of HTTP/1.1. The body streams; one that the application has read is sent again from `rawBody`, or from what was
   * parsed of JSON or a form. What guards and middleware have changed in `request.headers` goes to the backend, and fields that were set on the response go to the client.
   *
   * Resolves when the response is over, also where the backend has failed and the client was told so, or has gone: never rejects from then on.
   *
   * @throws ForwardError before anything is sent: there is no such upstream, the response has begun, the body is gone, or the request is one of HTTP/2.
   */
  async forward(request: object, response: object, options: ForwardOptions = {}): Promise<void> {
    const { upstream } = options;
    const platform = platformExchange(request, response);
    const { raw, response: answer } = platform;
    if (!(raw instanceof IncomingMessage) || !(answer instanceof ServerResponse))
      throw new ForwardError(
        'only requests of HTTP/1.1 can be forwarded from code: mount the gateway, or have it listen itself',
      );
    const reply = 'hijack' in response ? (response as FastifyReply) : undefined;
    if (answer.headersSent || reply?.sent === true)
      throw new ForwardError(
        `the response to ${raw.method} ${platform.url} has begun: it cannot be forwarded any more`,
      );
    if (upstream !== undefined && this.rules.current.plans.toUpstream(upstream) === undefined)
      throw new ForwardError(`there is no upstream "${upstream}" in the configuration of the gateway`);
    const parsed = (request as FastifyRequest).body;
    const body = bodyAgain(raw, { rawBody: platform.rawBody, parsed });
    const target = targetOf(platform.url, options.rewrite);
    reply?.hijack();
    const exchange = this.hosted.begin({ request: raw, response: answer, listener, target, body, upstream }, opened => {
      passRequestEdits(raw, opened);
      // What parsers of Express give is no longer compressed.
      if (body !== undefined && reply === undefined) opened.setRequestHeader('content-encoding');
      for (const [name, value] of Object.entries(options.headers ?? {})) opened.setRequestHeader(name, value);
      passResponseFields(platform, response, opened);
    });
    if (exchange.times.closedAt !== 0) return;
    const over = endOf(exchange);
    if (!exchange.isDecided) this.entrance.pass(exchange);
    await over;
  }
}

function endOf(exchange: Exchange): Promise<void> {
  let close = (): void => {};
  const over = new Promise<void>(resolve => (close = resolve));
  exchange.response = { over, close };
  return over;
}

function targetOf(url: string, rewrite: ForwardOptions['rewrite']): string {
  if (rewrite === undefined) return url;
  const at = url.indexOf('?');
  const path = at === -1 ? url : url.slice(0, at);
  const rewritten = typeof rewrite === 'string' ? rewrite : rewrite(path);
  if (!rewritten.startsWith('/'))
    throw new ForwardError(`rewrite: found ${JSON.stringify(rewritten)}, expected a path that begins with a slash`);
  return at === -1 || rewritten.includes('?') ? rewritten : rewritten + url.slice(at);
}
