import type { ListenerConfig } from '../config/file/listener.config.js';
import { maskUrl } from '../config/language/kinds/url.js';
import type { GatewayError } from '../http/gateway-error.js';
import type { LocalResponse } from '../http/problem.js';
import { RawHeaders } from '../fields/raw-headers.js';
import { redirectToHttps } from '../listeners/https-redirect.js';
import type { Exchange } from '../proxy/exchange.js';
import type { LiveRules } from '../proxy/live-rules.js';
import { localAnswer } from '../proxy/plan/final-recipient.js';
import type { ForwardPlan } from '../proxy/plan/forward-plan.js';
import type { ForwardRoute } from '../proxy/plan/forward-route.js';
import { isOutage } from '../proxy/plan/fallback.js';
import { noRoute, tooManyStreams } from '../proxy/plan/refusals.js';
import type { RoutePlan } from '../proxy/plan/route-plan.js';
import { candidacies } from '../routing/candidacy.js';
import type { Candidacy } from '../routing/candidacy-view.js';
import { preflightMethod } from '../security/cors/preflight.js';
import type { BackendControl } from '../upstream/control/backend-control.js';
import { refusalOfUpgrade, tooManyTunnels } from '../websocket/tunnel.gateway.js';
import { foreseePolicies } from './asked-policies.js';
import type { AskedRequests } from './asked-request.js';
import { foreseeUpstream } from './asked-upstream.js';
import { whyThisClient } from './client-words.js';
import type { Explanation, Verdict } from './explanation.js';
import { fieldChanges, shownField, type Credentials } from './field-changes.js';
import { listenerFor } from './asked-listener.js';
import type { Question } from './question.js';

type Parts = Pick<Explanation, 'policies' | 'verdict' | 'upstream' | 'forwarded' | 'response'>;

/**
 * Explains what would become of a request: it takes the road of all requests, by the same objects that decide for these, up to the point where
 * something would be counted, taken, asked of others or sent.
 */
export class Explainer {
  constructor(
    private readonly requests: AskedRequests,
    private readonly rules: Pick<LiveRules, 'current'>,
    private readonly control: Pick<BackendControl, 'of'>,
    /** Those of the configuration in force. */
    private readonly listeners: () => readonly ListenerConfig[],
  ) {}

  /** @throws BadQuestion for a listener that is not known. */
  async explain(question: Question): Promise<Explanation> {
    const { info, settings, why } = listenerFor(question, this.listeners());
    const asked = this.requests.read(question, info);
    try {
      return await this.#tell(asked.exchange, asked.isRefused, settings.redirectToHttps, why);
    } finally {
      asked.close();
    }
  }

  /** The same for a real request: `exchange` is a copy that may be changed, or, where that `isOver` and was never asked about by policies, the exchange itself. */
  explainReal(exchange: Exchange, isOver = false): Promise<Explanation> {
    return this.#tell(exchange, isOver, undefined, 'it has taken the request');
  }

  async #tell(exchange: Exchange, isRefused: boolean, https: number | undefined, why: string): Promise<Explanation> {
    const { location } = exchange;
    const { plan } = exchange;
    const parts = isRefused ? endOf(exchange) : await this.#decide(exchange, https);
    const isLocated = location.routingPath !== '' && https === undefined;
    const found = isLocated ? this.#candidacies(exchange) : { routes: [], more: 0, wanted: undefined };
    return {
      request: { method: exchange.method, url: urlOf(exchange), httpVersion: exchange.httpVersion },
      listener: { name: exchange.listener, why },
      client: { address: exchange.clientIp, peer: exchange.client.peer, why: whyThisClient(exchange) },
      ...(isLocated && {
        path: { asked: location.path, lookedUp: location.routingPath, forwarded: location.forwardedPath },
      }),
      routes: found.routes,
      moreRoutes: found.more,
      route: plan?.name,
      notes: notesOn(exchange, found.wanted, winnerOf(found.routes)),
      ...parts,
    };
  }

  /** What became of the routes; `wanted`: the method of the request that a CORS preflight is for, where its route has taken the preflight. */
  #candidacies(exchange: Exchange) {
    const { table } = this.rules.current.plans;
    const wanted = preflightMethod(exchange);
    if (wanted !== undefined) {
      const found = candidacies(table, { ...located(exchange), method: wanted });
      if (winnerOf(found.routes) === exchange.plan?.name) return { ...found, wanted };
    }
    return { ...candidacies(table, located(exchange)), wanted: undefined };
  }

  async #decide(exchange: Exchange, https: number | undefined): Promise<Parts> {
    if (https !== undefined) {
      redirectToHttps(exchange, https);
      const { error, host, status } = exchange;
      if (error !== undefined) return refusedBy(error);
      const to = https === 443 ? host : `${host}:${https}`;
      return ending({ kind: 'answered', status, reason: `redirectToHttps: the same URL at https://${to}` });
    }
    const protocol = exchange.upgrade?.protocol ?? this.requests.upgradeOf(exchange);
    const { plan } = exchange;
    const { policies, verdict } = await foreseePolicies(exchange, plan?.staged ?? []);
    if (verdict !== undefined && verdict.kind !== 'unknown') return { ...ending(verdict), policies };
    const rest = this.#behindPolicies(exchange, plan, protocol);
    return { ...rest, policies, verdict: verdict ?? rest.verdict };
  }

  #behindPolicies(exchange: Exchange, plan: RoutePlan | undefined, protocol: string | undefined): Parts {
    const { match } = exchange.location;
    if (plan === undefined || match === undefined) return refusedBy(noRoute);
    const { action } = plan;
    if (action.kind === 'forward') {
      const refusal = refusalOfPlace(exchange, plan, protocol);
      if (refusal !== undefined) return refusedBy(refusal);
    }
    const answer = localAnswer(exchange, plan);
    if (answer !== undefined) return answered(answer, plan.credentials);
    const parts = this.#forward(exchange, plan, action as ForwardPlan, (action as ForwardPlan).upcoming(match));
    if (!exchange.hasBody || plan.bodyPolicies.length === 0 || parts.verdict.kind !== 'forwarded') return parts;
    return { ...parts, verdict: { kind: 'unknown', reason: 'the body decides as well: security.validation.body' } };
  }

  #forward(exchange: Exchange, plan: RoutePlan, action: ForwardPlan, route: ForwardRoute): Parts {
    const { among, error, view } = foreseeUpstream(exchange, route, this.control);
    if (error !== undefined) {
      const { fallback } = route;
      if (fallback === undefined || !isOutage(error)) return { ...refusedBy(error), upstream: view };
      if (fallback.kind === 'upstream') return this.#forward(exchange, plan, action, fallback.route);
      const response = fallback.respond(exchange.id, error, plan.responseRules);
      return { ...answered(response, plan.credentials), upstream: view };
    }
    const credentials: Credentials = plan.credentials;
    const sent = action.request(exchange, route.target, among[0]!, undefined, route.timeouts, exchange.trace?.foreseen);
    const reason = `upstream ${view.name}, ${view.pick}`;
    return {
      policies: [],
      verdict: { kind: 'forwarded', reason },
      upstream: view,
      forwarded: {
        target: maskUrl(sent.path),
        changes: fieldChanges(exchange.rawHeaders, sent.headers, credentials),
      },
      response: responseChanges(exchange, plan, credentials),
    };
  }
}

/** Why there is no place for an upgrade or an event stream that is asked for by name. */
function refusalOfPlace(exchange: Exchange, plan: RoutePlan, protocol: string | undefined): GatewayError | undefined {
  if (protocol !== undefined) {
    const { headers, httpVersion } = exchange;
    const refusal = refusalOfUpgrade({ headers, httpVersion, upgrade: { protocol } }, plan);
    return refusal ?? (plan.upgrades.places.hasRoom ? undefined : tooManyTunnels);
  }
  return exchange.wantsEvents && !plan.sse.places.hasRoom ? tooManyStreams : undefined;
}

/** What is done to an answer of a backend that has no fields. */
function responseChanges(exchange: Exchange, { responseRules }: RoutePlan, credentials: Credentials): string[] {
  const headers: RawHeaders = [];
  exchange.editResponse(headers);
  responseRules?.apply(headers);
  const added = new Set(RawHeaders.pairs(responseRules?.added ?? []).map(([name]) => name.toLowerCase()));
  const gone = (responseRules?.gone ?? []).filter(name => !added.has(name));
  return [...gone.map(name => `- ${name}`), ...fieldChanges([], headers, credentials)];
}

function refusedBy({ cause, code, headers, origin, status }: GatewayError): Parts {
  const fields = RawHeaders.pairs(headers).map(([name, value]) => `${name.toLowerCase()}: ${value}`);
  const policy = origin.policy === undefined ? {} : { policy: origin.policy };
  return ending({ kind: 'refused', status, code, reason: cause, fields, ...policy });
}

function answered({ headers, status }: LocalResponse, credentials: Credentials): Parts {
  const fields = RawHeaders.pairs(headers).map(([name, value]) => shownField(name, value, credentials));
  return ending({ kind: 'answered', status, fields });
}

/** What an exchange ended with before its policies were asked. */
function endOf({ error, status }: Exchange): Parts {
  return error === undefined ? ending({ kind: 'answered', status }) : refusedBy(error);
}

function ending(verdict: Verdict): Parts {
  return { policies: [], verdict, upstream: undefined, forwarded: undefined, response: [] };
}

function winnerOf(routes: readonly Candidacy[]): string | undefined {
  return routes.find(({ outcome }) => outcome === 'wins')?.name;
}

function located({ headers, host, method, query, routingPath }: Exchange) {
  return { headers, host, method, query, routingPath };
}

function urlOf({ location, query, scheme }: Exchange): string {
  const { authority, path } = location;
  return maskUrl(`${scheme}://${authority}${path}${query === undefined ? '' : `?${query}`}`);
}

function notesOn(exchange: Exchange, wanted: string | undefined, winner: string | undefined): string[] {
  const { plan } = exchange;
  const notes: string[] = [];
  if (wanted !== undefined) notes.push(`a CORS preflight for ${wanted}: the route is looked up for that method`);
  const own = plan === undefined ? undefined : exchange.location.match?.route.definition.plan;
  if (plan !== undefined && winner !== undefined && winner !== plan.name)
    notes.push(`some servers would read the path as one of ${plan.name}, which denies it`);
  if (own !== undefined && own !== plan)
    notes.push('some servers would read the path as one of other routes: their policies hold as well');
  return notes;
}
