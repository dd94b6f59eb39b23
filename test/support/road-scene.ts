import { Counter } from 'prom-client';
import { CircuitBreakers } from '../../src/circuit-breaker/circuit-breakers.js';
import { CircuitEvents } from '../../src/circuit-breaker/circuit-events.js';
import { CircuitFactory } from '../../src/circuit-breaker/circuit-factory.js';
import { circuitNames } from '../../src/circuit-breaker/circuit-names.js';
import type { GatewayConfig } from '../../src/config/file/gateway.config.js';
import { buildConfig } from '../../src/config/loading/load-config.js';
import { GatewayError, type ErrorCode } from '../../src/http/gateway-error.js';
import { parseHost } from '../../src/http/host.js';
import { RequestHead } from '../../src/http/request-head.js';
import { Signature } from '../../src/http/signature.js';
import { LoadBalancer } from '../../src/load-balancer/load-balancer.js';
import { AttemptMetrics } from '../../src/metrics/attempt-metrics.js';
import { CircuitMetrics } from '../../src/metrics/circuit-metrics.js';
import { MetricsSources } from '../../src/metrics/metrics-sources.js';
import { RetryMetrics } from '../../src/metrics/retry-metrics.js';
import { ClientMemory } from '../../src/proxy/client/memory-share.js';
import { Dispatcher } from '../../src/proxy/dispatcher.js';
import { Exchange } from '../../src/proxy/exchange.js';
import { RoutePlans } from '../../src/proxy/plan/route-plans.js';
import { VerdictRules } from '../../src/proxy/target/backend-verdict.js';
import { Target } from '../../src/proxy/target/target.js';
import { Targets } from '../../src/proxy/target/targets.js';
import type { PolicySource } from '../../src/security/policy-source.js';
import { RoutePolicies } from '../../src/security/route-policies.js';
import { Upstreams } from '../../src/upstream/upstreams.js';
import { closeLater } from './cleanup.js';
import { PlayedForwarder } from './played-forwarder.js';
import { FirstInLine, KeptAnswer, KeptBreaker, KeptStreams, SentMessage } from './road-parts.js';

/** How a request differs from `GET /` by HTTP/1.1 for `a.example`. */
export interface RequestOptions {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly fields?: string[];
  readonly httpVersion?: '1.0' | '1.1' | '2.0';
  /** The client waits for a 100 (Continue). */
  readonly expects?: boolean;
  /** The client is a trusted proxy. */
  readonly peerTrusted?: boolean;
}

const address = '192.0.2.1';
const listener = { name: 'web', scheme: 'http', port: 80, unix: false, draining: false } as const;

/** A request on its way, with the client's part in the hands of the test. */
export interface OpenRequest {
  readonly exchange: Exchange;
  readonly answer: KeptAnswer;
  readonly message: SentMessage;
  /** The client goes away. */
  leave(): void;
}

/** The road from the open exchange to the forwarder, with everything real but the forwarder, the client's side and the event streams. */
export class Road {
  readonly forwarder = new PlayedForwarder();
  readonly strategy = new FirstInLine();
  readonly streams = new KeptStreams();
  readonly memory = new ClientMemory();
  readonly upstreams: Upstreams;
  readonly targets: Targets;
  readonly breakers = new Map<string, KeptBreaker>();
  readonly dispatcher: Dispatcher;
  plans!: RoutePlans;
  /** What everything draws that is left to chance: 0 up to 1. */
  chance = 0;
  readonly #counters: Readonly<Record<'retried' | 'withheld' | 'hedged' | 'fellBack', Counter<string>>>;
  readonly #attempts = new AttemptMetrics([1], [1], new MetricsSources());
  readonly #circuits = new CircuitMetrics();
  #requests = 0;

  private constructor(readonly config: GatewayConfig) {
    this.upstreams = new Upstreams(config.upstreams);
    const counter = (name: string, ...labelNames: string[]): Counter<string> =>
      new Counter({ name, help: name, labelNames, registers: [] });
    this.#counters = {
      retried: counter('retried', 'upstream', 'reason'),
      withheld: counter('withheld', 'upstream'),
      hedged: counter('hedged', 'upstream'),
      fellBack: counter('fell_back', 'upstream'),
    };
    const { retried, withheld, hedged, fellBack } = this.#counters;
    const metrics = new RetryMetrics(retried, withheld, hedged, fellBack, this.#circuits);
    this.dispatcher = new Dispatcher(metrics, this.streams, this.memory);
    this.targets = this.#makeTargets();
  }

  /** Builds it for a configuration; what no file of it says has its defaults. `policies`: what security asks for. */
  static async build(file: object, policies: readonly PolicySource[] = []): Promise<Road> {
    const road = new Road(buildConfig(file));
    const chance = (): number => road.chance;
    road.plans = await RoutePlans.create(road.config, road.targets, new RoutePolicies(policies), chance);
    return road;
  }

  /** The target of an upstream. */
  target(name = 'app'): Target {
    return this.targets.get(name);
  }

  /** The gate of a backend. */
  gate(id: string, upstream = 'app') {
    const target = this.target(upstream);
    return target.gate(target.upstream.backends.find(backend => backend.id === id)!);
  }

  /** The breaker of a backend. */
  breaker(id: string): KeptBreaker {
    return this.breakers.get(id)!;
  }

  /** A backend. */
  backend(id: string, upstream = 'app') {
    return this.target(upstream).upstream.backends.find(backend => backend.id === id)!;
  }

  /** Exchanges that hold a place at each backend of all upstreams: all 0 when nothing is left of any attempt. */
  get inFlight(): number[] {
    return [...this.upstreams].flatMap(({ backends }) => backends.map(({ inFlight }) => inFlight));
  }

  /** Opens an exchange, and finds its route. */
  open(options: RequestOptions = {}): OpenRequest {
    const {
      method = 'GET',
      path = '/',
      query,
      fields = [],
      httpVersion = '1.1',
      expects = false,
      peerTrusted = false,
    } = options;
    const rawHeaders = ['Host', 'a.example', ...fields, ...(expects ? ['Expect', '100-continue'] : [])];
    const message = new SentMessage(rawHeaders, httpVersion);
    const answer = new KeptAnswer();
    answer.withholdsContinue = expects;
    const signature = new Signature({ requestId: this.config.requestId, instance: 'test' });
    const id = `r-${++this.#requests}`;
    const head = new RequestHead(rawHeaders);
    const exchange = new Exchange(
      id,
      method,
      head,
      listener,
      answer,
      message,
      { ip: address, peer: address, peerTrusted },
      signature,
    );
    const { location } = exchange;
    location.path = location.routingPath = location.forwardedPath = path;
    location.query = query;
    location.authority = 'a.example';
    location.asksFor(parseHost('a.example')!);
    location.match = this.plans.match(exchange);
    location.plan = location.match?.route.definition.plan;
    return { exchange, answer, message, leave: () => exchange.fail(new GatewayError('CLIENT_ABORTED')) };
  }

  /** Opens an exchange, and dispatches it. */
  send(options: RequestOptions = {}): OpenRequest {
    const request = this.open(options);
    this.dispatcher.dispatch(request.exchange);
    return request;
  }

  /** What retries, hedges and fallbacks were counted, by upstream and reason: `{ retried: { 'app reset': 1 } }`. */
  async counted(): Promise<Record<string, Record<string, number>>> {
    const all: Record<string, Record<string, number>> = {};
    for (const [name, counter] of Object.entries(this.#counters)) {
      const values = await valuesOf(counter);
      if (Object.keys(values).length > 0) all[name] = values;
    }
    return all;
  }

  /** How attempts have ended as metrics have it: `{ 'app a success': 1 }`. Called once. */
  async endings(): Promise<Record<string, number>> {
    const counter = new Counter({
      name: 'x',
      help: 'x',
      labelNames: ['upstream', 'backend', 'outcome'],
      registers: [],
    });
    this.#attempts.drainAttempts(counter);
    return valuesOf(counter);
  }

  /** The requests that found no backend, by upstream and backend whose circuit was open: `{ 'app a': 1 }`. Called once. */
  async rejections(): Promise<Record<string, number>> {
    const counter = new Counter({ name: 'x', help: 'x', labelNames: ['upstream', 'backend'], registers: [] });
    this.#circuits.drainRejections(counter);
    return valuesOf(counter);
  }

  #makeTargets(): Targets {
    const factory = new CircuitFactory(new CircuitEvents(() => {}), () => {});
    closeLater(() => factory.close());
    const circuits = circuitNames(this.config.upstreams).map(name => {
      const { circuitBreaker, fallback } = this.config.upstreams.get(name.upstream)!;
      const { upstream } = name;
      const backend = this.upstreams.get(upstream).backends[name.index]!;
      const breaker = new KeptBreaker(
        factory.create({ upstream, backend, config: circuitBreaker, hasFallback: fallback !== undefined }),
      );
      this.breakers.set(backend.id, breaker);
      return { name, upstream, backend, breaker };
    });
    const breakers = new CircuitBreakers(circuits, factory, this.upstreams, this.config);
    const targets = new Map<string, Target>();
    for (const [name, settings] of this.config.upstreams) {
      const target = new Target({
        upstream: this.upstreams.get(name),
        balancer: new LoadBalancer(this.strategy),
        forwarder: this.forwarder,
        breakers,
        verdicts: new VerdictRules(settings.circuitBreaker),
        hostHeader: settings.hostHeader,
        limits: settings.connections,
        connectTimeout: settings.timeouts.connect,
        sticky: settings.sticky !== undefined,
        metrics: this.#attempts,
      });
      targets.set(name, target);
    }
    return new Targets(
      targets,
      { make: () => Promise.reject(new Error('there is no transition here')) },
      this.upstreams,
    );
  }
}

async function valuesOf(counter: Counter<string>): Promise<Record<string, number>> {
  const { values } = await counter.get();
  return Object.fromEntries(
    values.filter(({ value }) => value > 0).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  );
}

/**
 * A road to one upstream, `app`, of backends with these ids; without a wait before retries. `upstream`, `others`: more of the file, of which
 * `upstreams` stands in the place of it all; `policies`: what security asks for.
 */
export function roadTo(
  ids: readonly string[] = ['a', 'b'],
  upstream: { readonly retries?: object; readonly [key: string]: unknown } = {},
  others: object = {},
  policies: readonly PolicySource[] = [],
): Promise<Road> {
  const backends = ids.map(id => ({ id, url: `http://${id}.test` }));
  const { retries = {}, ...rest } = upstream;
  const app = { backends, retries: { backoff: 0, ...retries }, ...rest };
  return Road.build({ upstreams: { app }, ...others }, policies);
}

/** The code of the error that an exchange has ended with. */
export const codeOf = ({ exchange }: OpenRequest): ErrorCode | undefined => exchange.error?.code;
