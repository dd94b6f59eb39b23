import { pino } from 'pino';
import { Registry } from 'prom-client';
import { buildConfig } from '../config/loading/load-config.js';
import { metricsPage, type DescribedMetric } from '../metrics/showing/metrics-page.js';
import { StoreObserver } from '../security/rate-limit/store-observer.js';
import { createGateway } from '../standalone.js';

/** All metrics that a gateway can have, in the order in which `/metrics` shows them. */
export async function describedMetrics(): Promise<DescribedMetric[]> {
  const config = buildConfig({
    upstreams: { app: { backends: ['http://127.0.0.1:1'] } },
    logging: { level: 'silent' },
  });
  const { app } = await createGateway(config);
  try {
    const registry: Registry = app.get(Registry);
    // These are there with a shared store alone.
    new StoreObserver(pino({ enabled: false }), registry);
    const metrics = await registry.getMetricsAsJSON();
    return metrics.map(({ help, name, type }) => {
      const { labelNames } = registry.getSingleMetric(name) as unknown as { readonly labelNames: readonly string[] };
      return { name, help, type: String(type), labels: labelNames };
    });
  } finally {
    await app.close();
  }
}

/** The page of all metrics, as `docs/metrics.md` is to be. */
export async function generatedMetricsPage(): Promise<string> {
  return metricsPage(await describedMetrics());
}
