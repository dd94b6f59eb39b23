import autocannon from 'autocannon';
import type { Burst } from '#bench/load/load';
import { isSecure } from '#bench/work';

const { port, work, connections, seconds, routes } = JSON.parse(process.argv[2] ?? '{}') as Burst;
const prefixes = routes === 0 ? [''] : Array.from({ length: routes }, (_, route) => `/r${route}`);
const result = await autocannon({
  url: `${isSecure(work) ? 'https' : 'http'}://127.0.0.1:${port}`,
  connections,
  duration: seconds,
  timeout: 10,
  requests: prefixes.map(prefix => ({
    method: work.method,
    path: prefix + work.path,
    ...(work.bodyBytes > 0 && { body: 'x'.repeat(work.bodyBytes) }),
  })),
});
const summary = {
  requests: result['2xx'] + result.non2xx,
  seconds: result.duration,
  bytes: result.throughput.total,
  errors: result.errors + result.non2xx,
  p50: result.latency.p50,
  p99: result.latency.p99,
};
process.stdout.write(`\nRESULT ${JSON.stringify(summary)}\n`);
