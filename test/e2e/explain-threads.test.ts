import { expect, it } from 'vitest';
import type { Explanation } from '../../src/explain/explanation.js';
import { answer, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { runCommand } from '../support/command.js';
import { eventually } from '../support/poll.js';
import { startGateway } from '../support/program.js';

const token = 'planted-admin-token';

it('what workers explain is read at the admin listener, and what the main thread explains counts for all', async () => {
  const backend = await startBackend(answer(200, 'ok'));
  const gateway = await startGateway({
    workers: 2,
    admin: { port: 0, token },
    listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
    upstreams: { app: { backends: [backend.url] } },
    security: { rateLimit: { limit: 2, per: '1h' } },
  });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const ask = async (path: string, question?: object) => {
    const more = question === undefined ? {} : { method: 'POST', body: JSON.stringify(question) };
    return request(gateway.adminPort, { path, headers, ...more });
  };
  const served = await request(gateway.port, { headers: { 'x-gateway-explain': token } });
  const link = served.header('x-gateway-explanation');
  expect([served.status, link]).toEqual([200, expect.stringMatching(/^\/explanations\?id=/)]);
  const told = await eventually(async () => {
    const response = await ask(link!);
    const explanation = response.status === 200 && response.json<Explanation>();
    return explanation !== false && explanation.outcome !== undefined && explanation;
  });
  expect(told).toMatchObject({
    verdict: { kind: 'forwarded' },
    policies: [{ name: 'rateLimit', verdict: 'passes' }],
    outcome: { status: 200 },
  });
  const foreseen = async () => (await ask('/explain', { url: '/' })).json<Explanation>().verdict;
  expect(await foreseen()).toMatchObject({ kind: 'forwarded' });
  expect((await request(gateway.port)).status).toBe(200);
  expect(await foreseen()).toMatchObject({ kind: 'refused', status: 429 });
  // From the file alone nothing is used up.
  const { code, stdout } = await runCommand(['explain', '/', '--json', '--config', gateway.configFile!]);
  expect([code, (JSON.parse(stdout) as Explanation).verdict.kind]).toEqual([0, 'forwarded']);
});
