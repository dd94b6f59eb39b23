import { describe, expect, it } from 'vitest';
import { refusedPort } from '../support/backend.js';
import { request } from '../support/client.js';
import { faults, late } from '../support/faults.js';
import type { InProcessGateway } from '../support/in-process.js';
import { accessLineOf, expectAtRest, gatewayTo } from '../support/scene.js';
import { startScripted, type Behaviour, type ScriptedBackend } from '../support/scripted-backend.js';

const soon = { backoff: '1ms', budget: '100%' };
const noBreaker = { circuitBreaker: { enabled: false } };
const busy: Behaviour = call => call.answer(503, { body: '503 of the backend', headers: ['Retry-After: 60'] });

const refusing = async (): Promise<string> => `http://127.0.0.1:${await refusedPort()}`;

/** A gateway to these primaries and one backup. */
function withBackup(
  primaries: readonly (string | ScriptedBackend)[],
  { url }: ScriptedBackend,
  upstream: object = {},
): Promise<InProcessGateway> {
  const urls = primaries.map(each => (typeof each === 'string' ? each : each.url));
  return gatewayTo([], { backends: [...urls, { url, backup: true }], ...upstream });
}

describe('a backup', () => {
  it.each([
    ['no circuit breaker', noBreaker],
    ['a circuit breaker that opens on the way', {}],
  ])('saves every request while the only primary refuses connections, with %s', async (_, upstream) => {
    const spare = await startScripted('spare');
    const gateway = await withBackup([await refusing()], spare, { retries: soon, ...upstream });
    for (let number = 0; number < 60; number++) {
      const { status, text } = await request(gateway.port, { path: `/${number}` });
      expect([status, text]).toEqual([200, `spare GET /${number}`]);
    }
    expect(await accessLineOf(gateway)).toMatchObject({ attempts: 2, backend: spare.id });
    expect(spare.calls).toHaveLength(60);
    await expectAtRest(gateway);
  });

  it('takes over a request with a body of which no byte had reached the primary', async () => {
    const spare = await startScripted('spare');
    const gateway = await withBackup([await refusing()], spare, noBreaker);
    expect((await request(gateway.port, { method: 'POST', body: 'a body' })).text).toBe('spare POST /');
  });

  it('is asked once every primary has failed the request, not before', async () => {
    const [one, other] = [await startScripted('one', busy), await startScripted('other', busy)];
    const spare = await startScripted('spare');
    const gateway = await withBackup([one, other], spare, { retries: soon });
    expect((await request(gateway.port)).text).toBe('spare GET /');
    expect([one, other, spare].map(({ calls }) => calls.length)).toEqual([1, 1, 1]);
    expect(Math.max(...[one, other].map(({ calls }) => calls[0]!.at))).toBeLessThan(spare.calls[0]!.at);
    other.behaviour = call => call.answer();
    for (let number = 0; number < 4; number++) expect((await request(gateway.port)).text).toBe('other GET /');
    expect(spare.calls).toHaveLength(1);
  });

  it('is asked at once, however long the primary asks clients to wait', async () => {
    const [primary, spare] = [await startScripted('primary', busy), await startScripted('spare')];
    const gateway = await withBackup([primary], spare, { retries: soon });
    // Within the time of a test: clients are asked to wait for a minute.
    expect((await request(gateway.port)).text).toBe('spare GET /');
  });

  it('that fails too leaves the last try to the primary', async () => {
    const primary = await startScripted('primary', call =>
      call.number === 1 ? faults.resetsBeforeTheHead(call) : call.answer(),
    );
    const spare = await startScripted('spare', faults.resetsBeforeTheHead);
    const gateway = await withBackup([primary], spare, { retries: soon });
    expect((await request(gateway.port)).text).toBe('primary GET /');
    expect([primary.calls.length, spare.calls.length]).toEqual([2, 1]);
  });

  it('is not asked for a request that may not be sent again, nor without retries', async () => {
    const [primary, spare] = [await startScripted('primary', busy), await startScripted('spare')];
    const gateway = await withBackup([primary], spare, { retries: soon });
    expect((await request(gateway.port, { method: 'POST', body: 'a body' })).status).toBe(503);
    const without = await withBackup([primary], spare, { retries: { attempts: 0 } });
    expect((await request(without.port)).status).toBe(503);
    expect(spare.calls).toHaveLength(0);
  });

  it('is not asked beside a primary that is only slow', async () => {
    const [slow, spare] = [await startScripted('slow', late(250)), await startScripted('spare')];
    const gateway = await withBackup([slow], spare, { retries: { ...soon, hedgeAfter: '30ms' } });
    expect((await request(gateway.port)).text).toBe('slow GET /');
    expect(spare.calls).toHaveLength(0);
    expect(await gateway.metric('gatehouse_hedges_total')).toBe(0);
  });

  it('does not keep a client, by its cookie, that it has served for a primary', async () => {
    const [primary, spare] = [await startScripted('primary', busy), await startScripted('spare')];
    const gateway = await withBackup([primary], spare, { retries: soon, sticky: { cookie: 'at' } });
    const first = await request(gateway.port);
    expect(first.text).toBe('spare GET /');
    primary.behaviour = call => call.answer();
    const cookie = first.header('set-cookie')!.split(';')[0]!;
    expect((await request(gateway.port, { headers: ['Cookie', cookie] })).text).toBe('primary GET /');
  });
});
