import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Gateway, type Settings } from '#bench/capacity/gateway';
import { fixed, scaled, type Measured, type Scale } from '#bench/capacity/part';
import { parseResult } from '#bench/load/load';
import type { ManyKeys } from '#bench/load/many-keys';
import { nodeBinary, projectRoot } from '#bench/machine';
import { withStage, type Stage } from '#bench/stage';

/** Sends requests with keys of their own. Gives how many answers had which status. */
export async function sendKeys(stage: Stage, load: ManyKeys): Promise<Record<string, number>> {
  const program = join(import.meta.dirname, '../load/many-keys.ts');
  const running = stage.start(`keys ${load.port} ${load.first}`, {
    file: nodeBinary,
    args: [program, JSON.stringify(load)],
  });
  const result = parseResult<Record<string, number>>(await running.finished());
  await running.stop();
  return result;
}

/** A route that the gateway answers itself, behind a limit for each key. */
export const limited = (limits: object[], others: Settings = {}): Settings => ({
  routes: [{ match: { path: '/*' }, respond: { status: 204 }, security: { rateLimit: limits } }],
  ...others,
});

interface Table {
  space(name: string): { take(key: string, interval: number, tolerance: number): number };
  readonly evictions: number;
}

/** The gateway's own table of limits, filled with ever more keys that are all in use. Gives the share of keys that have lost their count. */
async function fill(counts: readonly number[]): Promise<{ keys: number; lost: number; nanoseconds: number }[]> {
  const file = pathToFileURL(join(projectRoot, 'dist/shared-memory/cell-table.js')).href;
  const { CellTable } = (await import(file)) as { CellTable: new () => Table };
  return counts.map(keys => {
    const table = new CellTable();
    const space = table.space('limit');
    const began = performance.now();
    for (let key = 0; key < keys; key++) space.take(`203.0.${key >> 8}.${key & 255}`, 60e9, 3600e9);
    const nanoseconds = ((performance.now() - began) * 1e6) / keys;
    return { keys, lost: table.evictions / keys, nanoseconds };
  });
}

/** Memory for each key of a limit, and what happens when the table of keys is full. */
export async function measureKeys(scale: Scale): Promise<Measured> {
  const keys = scaled(100_000, scale);
  const weights = await withStage(async stage => {
    const gateway = await Gateway.start(stage, 'keys', limited([{ limit: 100_000, per: '24h', key: 'header:x-key' }]));
    const load = { port: gateway.port, connections: 8, ahead: 50, requests: keys };
    // As many requests of few keys: what requests leave behind is not the keys'.
    for (let turn = 0; turn < 2; turn++) await sendKeys(stage, { ...load, first: 0, keys: 100 });
    const before = await gateway.weigh();
    const answers = await sendKeys(stage, { ...load, first: 1_000_000, keys });
    const after = await gateway.weigh();
    return { before, after, answers, evictions: await gateway.metric('gatehouse_rate_limit_evictions_total') };
  });
  const bytes = ((weights.after.held - weights.before.held) * 1024) / keys;
  const filled = await fill([50_000, 100_000, 150_000, 200_000, 262_144, 500_000]);
  const table = [
    ['keys in use at once', 'have lost their count'],
    ...filled.map(({ keys: count, lost }) => [String(count), `${fixed(lost * 100, 2)}%`]),
  ];
  return {
    tables: [table],
    notes: [
      `${keys} keys took ${fixed(bytes)} bytes each (RSS), and ${weights.evictions} lost their count; answers: ${JSON.stringify(weights.answers)}`,
    ],
    raw: { weights, filled },
  };
}
