import type { GatewayConfig } from '../config/file/gateway.config.js';
import type { TracingConfig } from '../config/file/telemetry.config.js';
import type { LivePart, Transition } from '../config/live/transition.js';
import { hasFailed } from '../http/exchange-failure.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { ExchangeTrace, type TracedExchange, type TraceRecorder } from './exchange-trace.js';
import type { KeptFor, TracePipeline, TracingParts } from './trace-pipeline.js';
import { isAmong, newTraceId, readTraceContext } from './trace-context.js';

/** Exchanges that are kept in a second although they were not chosen at the beginning: in an outage all of them fail. */
const mostKept = 100;

/** What of a request decides about its trace. */
interface TracedRequest {
  readonly head: { readonly traceparent: string | undefined; readonly tracestate: string | undefined };
  readonly client: { readonly peerTrusted: boolean };
}

/** What one configuration makes of traces. */
interface TracingRules {
  readonly settings: TracingConfig;
  readonly pipeline: TracePipeline | undefined;
}

/**
 * Traces of exchanges, where the configuration asks for them. OpenTelemetry's libraries are loaded only then. What an exchange was is written down while it is in flight,
 * and becomes spans when it is over, if it is to be exported: so failures and slow exchanges can be kept that were not chosen.
 */
export class Tracing implements LivePart, TraceRecorder {
  /** Undefined: nothing is traced. */
  #current: TracingRules | undefined;
  #keptSince = 0;
  #kept = 0;

  private constructor(private readonly parts: TracingParts) {}

  /** Rejects, in one line, when the libraries cannot be loaded. */
  static async create(config: GatewayConfig, parts: TracingParts): Promise<Tracing> {
    const tracing = new Tracing(parts);
    tracing.#current = await tracing.#rulesOf(config);
    return tracing;
  }

  async prepare(transition: Transition): Promise<void> {
    const { from, to } = transition;
    const isSame = to.tracing === from.tracing && maskOf(to) === maskOf(from);
    if (isSame) return;
    const next = await this.#rulesOf(to);
    transition.onDiscard(() => void next?.pipeline?.close(0));
    transition.onCommit(() => {
      const before = this.#current;
      this.#current = next;
      void before?.pipeline?.close(flushWithin);
    });
  }

  /** An exchange begins. Undefined: it is not traced. `recorder`: takes its trace when it is over. */
  begin({ head, client }: TracedRequest, recorder: TraceRecorder = this): ExchangeTrace | undefined {
    const rules = this.#current;
    if (rules === undefined) return undefined;
    const { parents, sample } = rules.settings;
    const sent = readTraceContext(head.traceparent, head.tracestate);
    if (sent !== undefined && (client.peerTrusted || parents === 'all'))
      return new ExchangeTrace(recorder, sent.traceId, sent.isSampled, sent, undefined);
    const traceId = newTraceId();
    return new ExchangeTrace(recorder, traceId, isAmong(traceId, sample), undefined, sent);
  }

  closed(trace: ExchangeTrace, record: TracedExchange): void {
    const rules = this.#current;
    if (rules === undefined) return;
    const why = this.#why(trace, record, rules.settings);
    if (why !== undefined) rules.pipeline?.take(trace, record, why);
  }

  /** Exports the spans of all exchanges that are over, without waiting for more. */
  async flush(): Promise<void> {
    await this.#current?.pipeline?.flush();
  }

  /** The gateway ends: what is queued is exported, within so many milliseconds. */
  async close(within: number): Promise<void> {
    const last = this.#current;
    this.#current = undefined;
    await last?.pipeline?.close(within);
  }

  #why(trace: ExchangeTrace, record: ExchangeRecord, { slow }: TracingConfig): KeptFor | undefined {
    if (trace.isSampled) return trace.parent === undefined ? 'share' : 'parent';
    const why =
      hasFailed(record) || record.trail?.isSaved === true
        ? 'failed'
        : slow > 0 && timeOf(record) > slow
          ? 'slow'
          : undefined;
    return why !== undefined && this.#mayKeep(record.times.closedAt) ? why : undefined;
  }

  #mayKeep(now: number): boolean {
    if (now - this.#keptSince >= 1000) {
      this.#keptSince = now;
      this.#kept = 0;
    }
    return this.#kept++ < mostKept;
  }

  async #rulesOf(config: GatewayConfig): Promise<TracingRules | undefined> {
    const settings = config.tracing;
    if (settings === undefined) return undefined;
    // It carries no traffic.
    if (this.parts.thread?.role === 'main') return { settings, pipeline: undefined };
    const { OtlpPipeline } = await import('./otlp-pipeline.js');
    return { settings, pipeline: new OtlpPipeline(settings, maskOf(config), this.parts) };
  }
}

/** Milliseconds in which a pipeline that another one has replaced exports what it has queued. */
const flushWithin = 10_000;

/** Bits of IPv4 addresses of clients that are shown. */
function maskOf(config: GatewayConfig): number {
  return config.logging.access.maskAddress;
}

/** Milliseconds that an exchange has taken; of an event stream or a tunnel, which lasts by its nature, until its beginning. */
function timeOf({ protocol, times: { closedAt, openedAt, respondedAt } }: ExchangeRecord): number {
  return (protocol === 'http' ? closedAt : respondedAt) - openedAt;
}
