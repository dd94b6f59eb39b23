import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ExportResultCode } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_INSTANCE_ID, ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { TracingConfig } from '../config/file/telemetry.config.js';
import type { ExchangeTrace, TracedExchange } from './exchange-trace.js';
import { spansOf, type SpanOrigin } from './spans.js';
import type { KeptFor, TracePipeline, TracingParts } from './trace-pipeline.js';

/** Spans that wait in a thread at most, and those of one message to the collector. */
const [mostQueued, batch] = [2048, 512];

/** Milliseconds for which a message waits for more spans, and by which an answer may be later than its time limit. */
const [delay, grace] = [1000, 5000];

/** Messages to the collector that may be under way when everything is flushed: all that may wait, and the one before. */
const mostAtOnce = mostQueued / batch + 1;

/** Loaded only where traces are configured: gives spans to OpenTelemetry's batches and its exporter for OTLP over HTTP with Protobuf. */
export class OtlpPipeline implements TracePipeline {
  readonly #origin: SpanOrigin;
  readonly #processor: BatchSpanProcessor;
  readonly #counted: CountedExporter;

  /** `addressPrefix`: bits of IPv4 addresses of clients that are shown. */
  constructor(
    settings: TracingConfig,
    addressPrefix: number,
    private readonly parts: TracingParts,
  ) {
    const { thread, version } = parts;
    this.#origin = {
      addressPrefix,
      instrumentationScope: { name: 'gatehouse', version },
      resource: resourceFromAttributes({
        [ATTR_SERVICE_NAME]: settings.service,
        [ATTR_SERVICE_VERSION]: version,
        // One for each thread: the triplet with name and version is to be unique.
        [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
        'host.name': hostname(),
        'process.pid': process.pid,
        ...(thread !== undefined && { 'gatehouse.worker': thread.index }),
        ...Object.fromEntries(settings.resource),
      }),
    };
    this.#counted = new CountedExporter(exporterOf(settings), parts);
    this.#processor = new BatchSpanProcessor({
      exporter: this.#counted,
      maxQueueSize: mostQueued,
      maxExportBatchSize: batch,
      scheduledDelayMillis: delay,
      exportTimeoutMillis: settings.timeout + grace,
    });
  }

  take(trace: ExchangeTrace, record: TracedExchange, why: KeptFor): void {
    // The spans of one exchange are told together, or not at all.
    const spans = trace.attempts.length + 1;
    if (this.#counted.queued + spans > mostQueued) return this.parts.counts.count('dropped', spans);
    this.#counted.queued += spans;
    for (const span of spansOf(trace, record, why, this.#origin)) this.#processor.onEnd(span);
  }

  async flush(): Promise<void> {
    await this.#processor.forceFlush();
  }

  async close(within: number): Promise<void> {
    const ended = this.#processor.shutdown().catch(() => undefined);
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, within);
    await Promise.race([ended, promise]);
    clearTimeout(timer);
    this.#counted.abandon();
  }
}

function exporterOf({ compression, headers, otlp, timeout }: TracingConfig): SpanExporter {
  return new OTLPTraceExporter({
    url: endpointOf(otlp),
    headers: Object.fromEntries(headers),
    timeoutMillis: timeout,
    compression: compression as NonNullable<ConstructorParameters<typeof OTLPTraceExporter>[0]>['compression'] & string,
    concurrencyLimit: mostAtOnce,
    userAgent: 'gatehouse',
  });
}

/** Where a collector takes traces: `/v1/traces` below its URL, unless that is it. */
export function endpointOf(otlp: string): string {
  const url = new URL(otlp);
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return url.href;
}

/** An exporter that counts what becomes of spans, and says once that the collector cannot be reached, and once that it can again. */
class CountedExporter implements SpanExporter {
  /** Spans that wait for the next message. */
  queued = 0;
  #pending = 0;
  #isFailing = false;
  #isOver = false;

  constructor(
    private readonly inner: SpanExporter,
    private readonly parts: TracingParts,
  ) {}

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.queued -= spans.length;
    this.#pending += spans.length;
    this.inner.export(spans, result => {
      if (!this.#isOver) {
        this.#pending -= spans.length;
        this.#tell(result.code === ExportResultCode.SUCCESS, spans.length, result.error);
      }
      // Failures are counted: the processor would report them to a handler of the whole process.
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  shutdown(): Promise<void> {
    return this.inner.shutdown();
  }

  /** What has not been exported by now never will. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const lost = this.queued + this.#pending;
    if (lost > 0) this.parts.counts.count('failed', lost);
  }

  #tell(isDone: boolean, spans: number, error: Error | undefined): void {
    const { counts, log } = this.parts;
    counts.count(isDone ? 'exported' : 'failed', spans);
    if (isDone === !this.#isFailing) return;
    this.#isFailing = !isDone;
    if (isDone) log.info('traces are exported again');
    else log.warn({ reason: reasonOf(error) }, 'traces cannot be exported');
  }
}

/** What has failed. The exporter's error for an answer has the reason phrase alone as its message: often there is none. */
function reasonOf(error: (Error & { readonly code?: unknown }) | undefined): string | undefined {
  const { code } = error ?? {};
  return typeof code === 'number' ? `the collector answered ${code}` : error?.message;
}
