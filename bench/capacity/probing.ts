import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { addresses } from '#bench/capacity/configured';
import { Gateway } from '#bench/capacity/gateway';
import { fixed, scaled, type Measured, type Scale } from '#bench/capacity/part';
import { nodeBinary } from '#bench/machine';
import { freePort } from '#bench/ports';
import { withStage } from '#bench/stage';

/** Addresses that one process listens on: each takes a descriptor. */
const mostOfOne = 2500;
const rounds = 3;

/** The gateway's CPU time and probes in each of some rounds. */
interface Round {
  readonly seconds: number;
  readonly cpu: number;
  readonly probes: number;
  readonly failed: number;
}

/** What probing costs: healthy backends, each on an address of its own, probed by HTTP. */
async function measureProbes(
  count: number,
  interval: number,
): Promise<{ rounds: Round[]; unhealthy: number; firstDelay: number }> {
  return withStage(async stage => {
    const port = await freePort();
    const all = addresses(count, port);
    const holding = join(import.meta.dirname, '../servers/holding.ts');
    for (let at = 0; at < count; at += mostOfOne)
      stage.start(`backends ${at}`, { file: nodeBinary, args: [holding, ...all.slice(at, at + mostOfOne)] });
    await pause(2000);
    const gateway = await Gateway.start(stage, `probing ${count}`, {
      upstreams: {
        app: {
          backends: all.map(address => `http://${address}`),
          healthCheck: { path: '/', interval: `${interval}s` },
        },
      },
    });
    const probed = async (): Promise<readonly [number, number]> => {
      const text = await gateway.page('/metrics');
      const sum = (pattern: RegExp): number =>
        [...text.matchAll(pattern)].reduce((all, [, value]) => all + Number(value), 0);
      return [
        sum(/^gatehouse_probes_total\{[^}]*\} (\d+)$/gm),
        sum(/^gatehouse_probes_total\{[^}]*result="healthy"[^}]*\} (\d+)$/gm),
      ];
    };
    // The first probes of all come within a second.
    await pause(interval * 1000);
    const firstDelay = await gateway.metric('gatehouse_event_loop_delay_seconds');
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const [[probesBefore, healthyBefore], cpu, began] = [await probed(), gateway.cpu, performance.now()];
      await pause(interval * 1000);
      const seconds = (performance.now() - began) / 1000;
      const used = gateway.cpu - cpu;
      const [probesAfter, healthyAfter] = await probed();
      const probes = probesAfter - probesBefore;
      measured.push({ seconds, cpu: used, probes, failed: probes - (healthyAfter - healthyBefore) });
    }
    const text = await gateway.page('/metrics');
    const unhealthy = text.match(/^gatehouse_backend_healthy\{[^}]*\} 0$/gm)?.length ?? 0;
    return { rounds: measured, unhealthy, firstDelay };
  });
}

/** The CPU time of a probe, and the share of a core that probing many backends takes. */
export async function measureProbing(scale: Scale): Promise<Measured> {
  const rows: string[][] = [];
  const raw: unknown[] = [];
  for (const [count, interval] of [
    [1000, 5],
    [5000, 10],
  ] as const) {
    const backends = scaled(count, scale);
    const { rounds: measured, unhealthy, firstDelay } = await measureProbes(backends, interval);
    raw.push({ backends, interval, unhealthy, firstDelay, measured });
    const each = Math.min(...measured.map(({ cpu, probes }) => cpu / probes));
    const failed = measured.reduce((sum, round) => sum + round.failed, 0);
    rows.push([
      `${backends} backends every ${interval} s`,
      fixed(backends / interval, 0),
      fixed(each * 1e6, 0),
      `${fixed((each * backends * 100) / interval)} %`,
      fixed(firstDelay * 1000, 0),
      String(failed),
      String(unhealthy),
    ]);
  }
  const head = ['probes', 'a second', 'µs CPU each', 'of a core', 'longest delay ms', 'failed', 'taken for unhealthy'];
  return { tables: [[head, ...rows]], notes: [], raw };
}
