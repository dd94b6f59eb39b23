import { Gateway, type Settings } from '#bench/capacity/gateway';
import { fixed, scaled, type Measured, type Scale } from '#bench/capacity/part';
import { freePort } from '#bench/ports';
import { withStage } from '#bench/stage';

/** Addresses that nothing listens on, each another one of the loopback network. */
export function addresses(count: number, port: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `127.${1 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}:${port}`,
  );
}

/** One configuration to be weighed. */
interface Size {
  readonly label: string;
  readonly settings: Settings;
  /** Routes or backends in it, by which the memory beyond the first size is divided. */
  readonly count: number;
  /** The same with one thing changed, for a reload. */
  readonly changed: Settings;
}

const routesOf = (count: number, timeout = '30s'): Settings => ({
  upstreams: { app: { backends: ['http://127.0.0.1:9'] } },
  routes: Array.from({ length: count }, (_, index) => ({
    match: { hosts: [`h${index % 50}.example`], path: `/r${index}/*` },
    upstream: 'app',
    timeouts: { response: index === 0 ? timeout : '30s' },
  })),
});

/** `groups`: upstreams that the backends are spread over. */
const backendsOf = (port: number, count: number, groups: number, weight: number, workers: number): Settings => {
  const all = addresses(count, port).map(address => ({ url: `http://${address}`, weight: 1 }));
  all[0]!.weight = weight;
  const size = Math.ceil(count / groups);
  const upstreams = Array.from({ length: groups }, (_, group) => {
    return [`u${group}`, { backends: all.slice(group * size, (group + 1) * size) }] as const;
  });
  return { workers, upstreams: Object.fromEntries(upstreams), routes: [{ upstream: 'u0' }] };
};

function sizes(port: number, scale: Scale): Size[][] {
  const route = (count: number): Size => {
    return { label: `${count} routes`, count, settings: routesOf(count), changed: routesOf(count, '31s') };
  };
  const backend = (count: number, groups: number, label: string, workers = 1): Size => {
    const [settings, changed] = [1, 2].map(weight => backendsOf(port, count, groups, weight, workers));
    return { label, count, settings: settings!, changed: changed! };
  };
  const many = scaled(10_000, scale);
  return [
    [route(1), route(scaled(2500, scale)), route(scaled(5000, scale))],
    [
      backend(1, 1, '1 backend'),
      backend(many / 2, 1, `${many / 2} backends, one upstream`),
      backend(many, 1, `${many} backends, one upstream`),
      backend(many, many / 10, `${many} backends, ten in each upstream`),
      backend(many, 1, `${many} backends, two workers`, 2),
    ],
  ];
}

/** Starts a gateway with a configuration, and weighs it, reads its metrics, and has it take a change. */
async function measureSize({ label, settings, changed }: Size) {
  return withStage(async stage => {
    const gateway = await Gateway.start(stage, label, settings);
    const start = gateway.cpu;
    const { held } = await gateway.weigh();
    const heap = (await gateway.metric('gatehouse_heap_used_bytes')) / 1024;
    let cpu = gateway.cpu;
    const bytes = (await gateway.page('/metrics')).length;
    const scrape = gateway.cpu - cpu;
    const busyBefore = await gateway.series('gatehouse_event_loop_busy_seconds_total', 'thread');
    cpu = gateway.cpu;
    await gateway.reload(changed);
    const reload = gateway.cpu - cpu;
    const busy = await gateway.series('gatehouse_event_loop_busy_seconds_total', 'thread');
    for (const [thread, before] of Object.entries(busyBefore)) busy[thread]! -= before;
    return { start, held, heap, bytes, scrape, reload, busy };
  });
}

/** Memory for each route and each backend, and what a reload and a scrape cost with many of them. */
export async function measureConfigured(scale: Scale): Promise<Measured> {
  const port = await freePort();
  const raw: Record<string, unknown> = {};
  const tables = await Promise.all(
    sizes(port, scale).map(async group => {
      const rows: string[][] = [];
      let first: { readonly heap: number; readonly count: number } | undefined;
      for (const size of group) {
        const one = await measureSize(size);
        raw[size.label] = one;
        first ??= { heap: one.heap, count: size.count };
        const each = size.count === first.count ? '–' : fixed((one.heap - first.heap) / (size.count - first.count));
        const { main = 0, ...workers } = one.busy;
        rows.push([
          size.label,
          fixed(one.held / 1024, 0),
          each,
          fixed(one.start),
          fixed(one.reload),
          fixed(main * 1000, 0),
          Object.keys(workers).length === 0 ? '–' : fixed(Math.max(...Object.values(workers)) * 1000, 0),
          fixed(one.bytes / 1024, 0),
          fixed(one.scrape * 1000, 0),
        ]);
      }
      return [head, ...rows];
    }),
  );
  return { tables, notes: [], raw };
}

const head = [
  ...['configuration', 'MiB', 'KiB of heap for each', 'CPU s of start', 'CPU s of reload'],
  ...['ms of the main thread', 'ms of a worker', 'KiB of metrics', 'CPU ms of a scrape'],
];
