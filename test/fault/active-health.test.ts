import { describe, expect, it } from 'vitest';
import { startInProcess } from '../support/in-process.js';
import { errorsOf, sendLoad, shareOf, startLoad } from '../support/load.js';
import { vetoesAt } from '../support/operator.js';
import { eventually } from '../support/poll.js';
import { startScripted, type Behaviour, type ScriptedBackend } from '../support/scripted-backend.js';

const probed = { interval: '500ms', timeout: '500ms', healthyAfter: 1, unhealthyAfter: 3 };

/** Answers traffic well; whether probes succeed is said by `isWell`. */
const withProbe =
  (isWell: () => boolean): Behaviour =>
  call =>
    call.answer(call.url === '/healthz' && !isWell() ? 503 : 200);

/** Three backends whose probes succeed while their name is not among `ill`. */
async function probedBackends(ill: ReadonlySet<string>): Promise<ScriptedBackend[]> {
  return Promise.all(
    ['a', 'b', 'c'].map(name =>
      startScripted(
        name,
        withProbe(() => !ill.has(name)),
      ),
    ),
  );
}

describe('active probes', () => {
  it('take a backend out that says it is ill, and give it back when it is well; no client notices', async () => {
    const ill = new Set<string>();
    const backends = await probedBackends(ill);
    const gateway = await startInProcess({
      logging: { access: { enabled: false } },
      upstreams: { app: { backends: backends.map(({ url }) => url), healthCheck: probed } },
    });
    const load = startLoad(gateway.port, { connections: 4, rate: 200 });
    const share = (): number => shareOf(load.answers.slice(-60), 'b');
    await eventually(() => load.answers.length > 100 && share() > 0.25);
    ill.add('b');
    await eventually(() => expect(share()).toBe(0));
    expect((await vetoesAt(gateway.adminPort))[backends[1]?.id ?? '']).toEqual(['unhealthy']);
    ill.delete('b');
    await eventually(() => share() > 0.25);
    await load.stop();
    expect(load.errors).toEqual({});
  });

  it('let a backend that comes back ramp up, where there is a slow start', async () => {
    const ill = new Set<string>(['b']);
    const backends = await probedBackends(ill);
    const gateway = await startInProcess({
      logging: { access: { enabled: false } },
      upstreams: { app: { backends: backends.map(({ url }) => url), healthCheck: probed, slowStart: '2s' } },
    });
    const isOut = async (): Promise<boolean> =>
      (await vetoesAt(gateway.adminPort))[backends[1]?.id ?? '']?.includes('unhealthy') ?? false;
    await eventually(isOut);
    ill.delete('b');
    await eventually(async () => !(await isOut()));
    const load = startLoad(gateway.port, { connections: 4, rate: 200 });
    await eventually(() => load.answers.length >= 100, { deadline: 10_000 });
    // Half a second of two, on a machine that is not too busy for the rate.
    const early = shareOf(load.answers.slice(0, 100), 'b');
    await eventually(() => shareOf(load.answers.slice(-150), 'b') > 0.28, { deadline: 10_000 });
    await load.stop();
    expect(early).toBeLessThan(0.28);
    expect(load.errors).toEqual({});
  });

  it('are overruled in a panic: when too few are left, all are used again', async () => {
    const ill = new Set<string>(['a', 'b']);
    const backends = await probedBackends(ill);
    const upstream = { backends: backends.map(({ url }) => url), healthCheck: probed };
    const gateway = await startInProcess({ upstreams: { app: { ...upstream, panicThreshold: '50%' } } });
    const strict = await startInProcess({ upstreams: { app: upstream } });
    for (const { adminPort } of [gateway, strict]) {
      await eventually(async () => Object.values(await vetoesAt(adminPort)).flat().length === 2);
    }
    const answers = await sendLoad(gateway.port, { count: 90 });
    expect(errorsOf(answers)).toEqual({});
    expect(['a', 'b', 'c'].map(name => shareOf(answers, name) > 0.2)).toEqual([true, true, true]);
    expect(shareOf(await sendLoad(strict.port, { count: 90 }), 'c')).toBe(1);
  });
});
