import { HttpException, Injectable } from '@nestjs/common';
import { ApplicationConfig, ExternalContextCreator } from '@nestjs/core';
import { GatewayError } from '../http/gateway-error.js';
import { enhancersOn } from '../platform/nest-metadata.js';
import { DeniedFilter } from '../security/controllers/denied.filter.js';
import { Denied } from '../security/denied.js';
import { ExchangeGuard } from '../security/exchange.guard.js';
import type { Verdict } from '../security/policy.js';
import type { Exchange } from './exchange.js';
import type { ExplainedRequests } from './explained-requests.js';
import { ExchangeRequest, type OfExchange } from './exchange-request.js';
import { ExchangeResponse } from './exchange-response.js';
import { thrownError } from './thrown-error.js';

/** A controller of the gateway's own: takes the exchanges of one protocol that the guards have let pass. */
export interface ExchangeController {
  /** Carries the exchange on. The promise, where there is one, resolves when the exchange is over. */
  handle(request: OfExchange): Promise<void> | undefined;
}

type Way = (exchange: Exchange) => void;

const closed: Way = exchange => exchange.fail(new GatewayError('DRAINING', 'The gateway is starting.'));

/**
 * Where each request, event stream and upgrade enters Nest: guards, policies, interceptors, then its controller. The way is built once for each
 * controller. Where the application has no guard, interceptor or filter that applies, the controller is called directly, and policies are asked
 * without a promise unless one returns a promise; else Nest runs the controller in a context of type `http`.
 */
@Injectable()
export class Entrance {
  #requests: Way = closed;
  #events: Way = closed;
  #upgrades: Way = closed;
  #passed: Readonly<Record<'events' | 'requests', Way>> = { events: closed, requests: closed };
  /** Undefined: none is explained. */
  explained: ExplainedRequests | undefined;

  constructor(
    private readonly contexts: ExternalContextCreator,
    private readonly application: ApplicationConfig,
    private readonly guard: ExchangeGuard,
  ) {}

  /**
   * Builds the ways; until then every exchange is refused. Called when the application has all its global guards.
   * @throws Error for guards, interceptors and filters of request scope: they would be left out in silence.
   */
  open(controllers: Readonly<Record<'events' | 'requests' | 'upgrades', ExchangeController>>): void {
    refuseRequestScope(this.application);
    this.#requests = this.#way(controllers.requests);
    this.#events = this.#way(controllers.events);
    this.#upgrades = this.#way(controllers.upgrades);
    this.#passed = { events: this.#direct(controllers.events), requests: this.#direct(controllers.requests) };
  }

  /** The same for an exchange that guards and interceptors of the application have let pass already: only the policies of its route are asked. */
  pass(exchange: Exchange): void {
    const { events, requests } = this.#passed;
    if (exchange.wantsEvents) events(exchange);
    else requests(exchange);
  }

  /** Ends the exchange if something is thrown on its way. */
  enter(exchange: Exchange): void {
    // 3
    if (exchange.head.explain !== undefined && this.#explains(exchange)) return;
    this.#enter(exchange);
  }

  #enter(exchange: Exchange): void {
    if (exchange.upgrade !== undefined) this.#upgrades(exchange);
    else if (exchange.wantsEvents) this.#events(exchange);
    else this.#requests(exchange);
  }

  /** It enters when it has been explained, unless its client has gone meanwhile. */
  #explains(exchange: Exchange): boolean {
    const goOn = (): void => {
      if (!exchange.isDecided) this.#enter(exchange);
    };
    return this.explained?.delays(exchange, goOn) === true;
  }

  #way(controller: ExchangeController): Way {
    return this.#isBare(controller) ? this.#direct(controller) : this.#throughNest(controller);
  }

  /** Nothing but the policies stands before the controller; what they deny is answered here, and not by a filter. */
  #isBare({ constructor, handle }: ExchangeController): boolean {
    const { application } = this;
    const global = [application.getGlobalGuards(), application.getGlobalInterceptors(), application.getGlobalFilters()];
    const own = [constructor, handle].flatMap(enhancersOn);
    return [...global, ...own].flat().every(each => each === ExchangeGuard || each instanceof DeniedFilter);
  }

  #direct(controller: ExchangeController): Way {
    const enter = (exchange: Exchange, verdict: Verdict): void => {
      if (verdict === undefined) void controller.handle({ exchange });
      else exchange.settle(verdict);
    };
    return exchange => {
      try {
        const verdict = exchange.policies.length === 0 ? undefined : this.guard.ask(exchange);
        if (!(verdict instanceof Promise)) return enter(exchange, verdict);
        verdict.then(first => enter(exchange, first)).catch((thrown: unknown) => exchange.fail(thrownError(thrown)));
      } catch (thrown) {
        exchange.fail(thrownError(thrown));
      }
    };
  }

  #throughNest(controller: ExchangeController): Way {
    const run = this.contexts.create(controller, controller.handle as (...given: unknown[]) => unknown, 'handle') as (
      request: ExchangeRequest,
      response: ExchangeResponse,
    ) => Promise<unknown>;
    return exchange => {
      const response = (exchange.response = new ExchangeResponse(exchange));
      run(new ExchangeRequest(exchange), response).then(
        value => {
          // An interceptor has answered instead of the controller.
          if (value !== undefined || exchange.times.dispatchedAt === 0) response.send(value);
        },
        (thrown: unknown) => refuse(exchange, response, thrown),
      );
    };
  }
}

/** Answers for what no filter of the application has answered. Nest has logged what is no `HttpException`. */
function refuse(exchange: Exchange, response: ExchangeResponse, thrown: unknown): void {
  // The guard has settled it; or it has its answer, which must not be cut; or it is over, and what is on its connection now is another one.
  if (thrown instanceof Denied || exchange.isDecided) return;
  if (thrown instanceof HttpException || thrown instanceof GatewayError) exchange.fail(thrownError(thrown));
  else if (!response.headersSent)
    exchange.fail(new GatewayError('INTERNAL', 'The gateway could not handle the request.', String(thrown)));
}

function refuseRequestScope(application: ApplicationConfig): void {
  const scoped = [
    ...application.getGlobalRequestGuards(),
    ...application.getGlobalRequestInterceptors(),
    ...application.getGlobalRequestFilters(),
  ].map(({ name, metatype }) => metatype?.name ?? String(name));
  if (scoped.length === 0) return;
  throw new Error(
    `${scoped.join(', ')}: a global guard, interceptor or filter of request scope cannot hold for what passes through the gateway, nor one of transient scope: give it the default scope`,
  );
}
