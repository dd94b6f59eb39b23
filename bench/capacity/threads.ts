import { spawnSync } from 'node:child_process';
import { Gateway } from '#bench/capacity/gateway';
import { addresses } from '#bench/capacity/configured';
import { fixed, scaled, type Measured, type Scale } from '#bench/capacity/part';
import { versionOf } from '#bench/machine';
import { withStage } from '#bench/stage';

const counts = [1, 2, 4, 8];

/** Memory with several workers: at rest, behind some traffic, and with many backends, which each worker knows. */
export async function measureThreads(scale: Scale): Promise<Measured> {
  const hasLoad = versionOf('wrk', ['-v'], /wrk (\S+)/) !== undefined;
  const backends = scaled(1000, scale);
  const rows: string[][] = [];
  const raw: unknown[] = [];
  for (const workers of counts) {
    const one = await withStage(async stage => {
      const routes = [{ match: { path: '/*' }, respond: { status: 204 } }];
      const gateway = await Gateway.start(stage, `workers ${workers}`, { workers, routes });
      const rest = await gateway.weigh();
      if (hasLoad) spawnSync('wrk', ['-t1', '-c64', '-d3s', `http://127.0.0.1:${gateway.port}/`], { encoding: 'utf8' });
      return { rest, loaded: await gateway.weigh() };
    });
    const many = await withStage(async stage => {
      const upstreams = { app: { backends: addresses(backends, 9).map(address => `http://${address}`) } };
      return (await Gateway.start(stage, `workers ${workers} with backends`, { workers, upstreams })).weigh();
    });
    raw.push({ workers, ...one, many });
    rows.push([
      String(workers),
      fixed(one.rest.standing / 1024, 0),
      fixed(one.rest.held / 1024, 0),
      hasLoad ? fixed(one.loaded.standing / 1024, 0) : '–',
      fixed((many.held - one.rest.held) / backends),
    ]);
  }
  const head = ['workers', 'MiB at rest', 'held', 'behind 3 s of load', `KiB for each of ${backends} backends`];
  return { tables: [[head, ...rows]], notes: [], raw };
}
