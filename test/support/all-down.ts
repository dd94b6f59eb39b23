import { expect } from 'vitest';
import { startInProcess, type InProcessGateway } from './in-process.js';
import { errorsOf, sendLoad, startLoad } from './load.js';
import { vetoesAt } from './operator.js';
import { eventually } from './poll.js';
import { startScripted, type ScriptedBackend } from './scripted-backend.js';

/** What {@link allDown} gives. */
interface Scene {
  readonly gateway: InProcessGateway;
  readonly backends: readonly ScriptedBackend[];
}

/** A gateway to three backends that all went down, with every circuit open. */
export async function allDown(upstream: object, others: object = {}): Promise<Scene> {
  const backends = await Promise.all(['a', 'b', 'c'].map(name => startScripted(name)));
  const gateway = await startInProcess({
    upstreams: { app: { backends: backends.map(({ url }) => url), ...upstream }, ...others },
    routes: [{ match: { path: '/*' }, upstream: 'app' }],
  });
  expect(errorsOf(await sendLoad(gateway.port, { count: 30 }))).toEqual({});
  for (const backend of backends) await backend.stop();
  const load = startLoad(gateway.port, { connections: 8, rate: 300, echoed: false });
  const allOpen = async (): Promise<boolean> => {
    const vetoes = await vetoesAt(gateway.adminPort);
    return backends.every(({ id }) => vetoes[id]?.includes('circuit-open'));
  };
  await eventually(allOpen, { what: 'all circuits opened' });
  await load.stop();
  return { gateway, backends };
}
