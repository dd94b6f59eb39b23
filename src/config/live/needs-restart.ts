import type { GatewayConfig } from '../file/gateway.config.js';
import { isEqual, keysOf } from './anatomy.js';
import { changeLine } from './change-line.js';

/** The keys that cannot change while the gateway runs: its threads, what it listens on for the operator, and what is made once for all workers. */
const fixedKeys: readonly string[] = [
  'workers',
  'admin.host',
  'admin.port',
  'metrics.buckets',
  'metrics.backendBuckets',
  'rateLimitStore',
];

/** The changes that take effect only with the next start, a line each: `workers 1 → 4: takes effect with the next start`. */
export function needsRestart(from: GatewayConfig, to: GatewayConfig): readonly string[] {
  return fixedKeys.flatMap(path => {
    const steps = path.split('.');
    const key = String(steps.pop());
    const [before, after] = [ownerOf(from, steps), ownerOf(to, steps)];
    const field = keysOf(after).get(key);
    if (field === undefined) throw new Error(`the configuration has no key ${path}`);
    if (isEqual(Reflect.get(before, key), Reflect.get(after, key))) return [];
    return [`${changeLine(path, field, before, after)}: takes effect with the next start`];
  });
}

/** The block that the steps lead to. */
function ownerOf(config: object, steps: readonly string[]): object {
  return steps.reduce((block, step) => Reflect.get(block, step) as object, config);
}
