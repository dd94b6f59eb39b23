import { Injectable, type Provider } from '@nestjs/common';
import { makeGaugeProvider } from '@willsoto/nestjs-prometheus';
import type { Gauge } from 'prom-client';

/** The expiry of a certificate that a listener serves. */
export interface CertificateReading {
  /** Name of the listener. */
  readonly listener: string;
  /** Path of its file. */
  readonly certificate: string;
  /** Seconds since 1970. */
  readonly expiry: number;
  /** The DNS names that it is for. */
  readonly names?: readonly string[];
}

/** Shows when the certificates of the listeners expire. */
@Injectable()
export class CertificateMetrics {
  readonly #sources = new Set<() => Iterable<CertificateReading>>();

  /** Adds a source of certificates, which is called at each scrape. Returns a function that removes the source. */
  addCertificates(source: () => Iterable<CertificateReading>): () => void {
    this.#sources.add(source);
    return () => void this.#sources.delete(source);
  }

  /** All certificates that are served now. */
  *readings(): Iterable<CertificateReading> {
    for (const source of this.#sources) yield* source();
  }

  /** Whether a listener serves the certificate of this file, and has therefore logged the warning about its expiry. */
  shows(file: string): boolean {
    return [...this.readings()].some(({ certificate }) => certificate === file);
  }

  /** Called when `gatehouse_certificate_expiry_timestamp_seconds` is scraped. */
  showExpiry(gauge: Gauge<string>): void {
    for (const { listener, certificate, expiry } of this.readings()) gauge.set({ listener, certificate }, expiry);
  }
}

/** {@link CertificateMetrics} and the provider of its metric. */
export function certificateMetricProviders(): Provider[] {
  return [
    CertificateMetrics,
    makeGaugeProvider({
      name: 'gatehouse_certificate_expiry_timestamp_seconds',
      help: 'When the certificate that a listener serves expires, in seconds since 1970.',
      labelNames: ['listener', 'certificate'],
      // The minimum, so that an alert sees a thread that has not loaded the new certificate yet.
      aggregator: 'min',
      registers: [],
      inject: [CertificateMetrics],
      collect(metrics: CertificateMetrics) {
        this.reset();
        metrics.showExpiry(this);
      },
    }),
  ];
}
