import { context } from '@opentelemetry/api';
import { ExportResultCode, suppressTracing } from '@opentelemetry/core';
import { convertLegacyHttpOptions, createOtlpHttpExportDelegate } from '@opentelemetry/otlp-exporter-base/node-http';
import type { TracingConfig } from '../config/file/telemetry.config.js';

/** Why a message was not exported. `code`: the status of an answer, where there was one. */
export type ExportError = Error & { readonly code?: unknown };

/** Sends messages to a collector. */
export interface SpanExporter {
  /** Never rejects. Undefined: the collector has it. */
  export(message: Uint8Array): Promise<ExportError | undefined>;
}

type Settings = Pick<TracingConfig, 'compression' | 'headers' | 'otlp' | 'timeout'>;

/**
 * OpenTelemetry's exporter for OTLP over HTTP, with messages that are written already: it connects, compresses, sends, and asks again. `mostAtOnce`: messages
 * that may be under way; more fail at once.
 */
export function otlpExporter({ compression, headers, otlp, timeout }: Settings, mostAtOnce: number): SpanExporter {
  const options = {
    url: endpointOf(otlp),
    headers: Object.fromEntries(headers),
    timeoutMillis: timeout,
    compression: compression as Compression,
    concurrencyLimit: mostAtOnce,
    userAgent: 'gatehouse',
  };
  const delegate = createOtlpHttpExportDelegate(
    // What the environment says beside the configuration is read here as well.
    convertLegacyHttpOptions(options, 'TRACES', 'v1/traces', { 'Content-Type': 'application/x-protobuf' }),
    // What a collector says of a message that it has taken is not read.
    { serializeRequest: (message: Uint8Array) => message, deserializeResponse: () => ({}) },
    'otlp_http_span_exporter',
    // For metrics of OpenTelemetry, which are not asked for.
    { name: 'span', countItems: () => 0 },
    undefined,
  );
  return {
    export(message) {
      const { promise, resolve } = Promise.withResolvers<ExportError | undefined>();
      // An application that has its own requests traced does not see these.
      context.with(suppressTracing(context.active()), () =>
        delegate.export(message, ({ code, error }) =>
          resolve(code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('the export has failed'))),
        ),
      );
      return promise;
    },
  };
}

type Compression = NonNullable<Parameters<typeof convertLegacyHttpOptions>[0]['compression']>;

/** Where a collector takes traces: `/v1/traces` below its URL, unless that is it. */
function endpointOf(otlp: string): string {
  const url = new URL(otlp);
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return url.href;
}
