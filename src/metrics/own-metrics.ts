import { type FactoryProvider, Inject } from '@nestjs/common';
import { getToken } from '@willsoto/nestjs-prometheus';
import {
  Counter,
  type CounterConfiguration,
  Gauge,
  type GaugeConfiguration,
  Histogram,
  type HistogramConfiguration,
  Registry,
} from 'prom-client';

/** Injects the metric of that name, one of the gateway's or your own: `@InjectMetric('shop_orders_total') orders: Counter`. */
export function InjectMetric(name: string): PropertyDecorator & ParameterDecorator {
  return Inject(getToken(name));
}

/** What a metric of your own is made of: its `registers` are the gateway's. */
type Own<Configuration> = Omit<Configuration, 'registers'>;

/**
 * Provides a counter of your own, which `/metrics` of the gateway shows beside its own: `@InjectMetric(name)` injects it. For a module in `imports` of
 * `createGateway`, or of the application around a `GatewayModule`. Its name begins with that of your program and ends in `_total`; its labels must have few values, never what clients
 * send. The application does not start when the name is taken.
 */
export function provideCounter<Label extends string>(
  configuration: Own<CounterConfiguration<Label>>,
): FactoryProvider<Counter<Label>> {
  return provide(configuration.name, registers => new Counter({ ...configuration, registers }));
}

/** Provides a gauge of your own, as {@link provideCounter} does. Its `collect` is called at each scrape. */
export function provideGauge<Label extends string>(
  configuration: Own<GaugeConfiguration<Label>>,
): FactoryProvider<Gauge<Label>> {
  return provide(configuration.name, registers => new Gauge({ ...configuration, registers }));
}

/** Provides a histogram of your own, as {@link provideCounter} does. Give it `buckets` in seconds or bytes, with a name that ends in the unit. */
export function provideHistogram<Label extends string>(
  configuration: Own<HistogramConfiguration<Label>>,
): FactoryProvider<Histogram<Label>> {
  return provide(configuration.name, registers => new Histogram({ ...configuration, registers }));
}

function provide<Metric>(name: string, make: (registers: Registry[]) => Metric): FactoryProvider<Metric> {
  return { provide: getToken(name), inject: [Registry], useFactory: (registry: Registry) => make([registry]) };
}
