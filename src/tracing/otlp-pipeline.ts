import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { ATTR_SERVICE_INSTANCE_ID, ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from '@opentelemetry/semantic-conventions';
import type { TracingConfig } from '../config/file/telemetry.config.js';
import type { ExchangeTrace, TracedExchange } from './exchange-trace.js';
import { otlpExporter } from './span-exporter.js';
import { mostWaiting, SpanQueue } from './span-queue.js';
import { SpanWriter, spanSource, type SpanSource } from './span-writer.js';
import { writeSpans } from './spans.js';
import type { KeptFor, TracePipeline, TracingParts } from './trace-pipeline.js';

/** Milliseconds by which an answer of the collector may be later than its time limit. */
const grace = 5000;

/** Loaded only where traces are configured: writes the spans of an exchange as OTLP in Protobuf when it is over, for OpenTelemetry's exporter over HTTP. */
export class OtlpPipeline implements TracePipeline {
  readonly #writer = new SpanWriter();
  readonly #queue: SpanQueue;

  /** `addressPrefix`: bits of IPv4 addresses of clients that are shown. */
  constructor(
    settings: TracingConfig,
    private readonly addressPrefix: number,
    private readonly parts: TracingParts,
  ) {
    // All that may wait can be sent at once, beside the message before.
    const exporter = otlpExporter(settings, mostWaiting + 1);
    this.#queue = new SpanQueue(sourceOf(settings, parts), exporter, settings.timeout + grace, parts);
  }

  take(trace: ExchangeTrace, record: TracedExchange, why: KeptFor): void {
    const spans = trace.attempts.length + 1;
    const isTaken = this.#queue.hasRoom(spans) && this.#queue.add(spans, this.#written(trace, record, why));
    if (!isTaken) this.parts.counts.count('dropped', spans);
  }

  flush(): Promise<void> {
    return this.#queue.flush();
  }

  close(within: number): Promise<void> {
    return this.#queue.close(within);
  }

  #written(trace: ExchangeTrace, record: TracedExchange, why: KeptFor): Uint8Array {
    this.#writer.clear();
    writeSpans(this.#writer, trace, record, why, this.addressPrefix);
    return this.#writer.written;
  }
}

function sourceOf(settings: TracingConfig, { thread, version }: TracingParts): SpanSource {
  const resource = {
    [ATTR_SERVICE_NAME]: settings.service,
    [ATTR_SERVICE_VERSION]: version,
    // One for each thread: the triplet with name and version is to be unique.
    [ATTR_SERVICE_INSTANCE_ID]: randomUUID(),
    'host.name': hostname(),
    'process.pid': process.pid,
    ...(thread !== undefined && { 'gatehouse.worker': thread.index }),
    ...Object.fromEntries(settings.resource),
  };
  return spanSource(resource, { name: 'gatehouse', version });
}
