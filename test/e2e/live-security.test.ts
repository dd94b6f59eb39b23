import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { Policy, type PolicyContext, type RequestPolicy } from '../../src/index.js';
import { answer, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { tempFolder } from '../support/temp.js';
import { bearer, Issuer, one } from './auth-issuer.js';

/** Counts the requests that it has seen. */
@Policy('counting')
class Counting implements RequestPolicy {
  #seen = 0;

  check(context: PolicyContext): undefined {
    context.setResponseHeader('x-seen', String(++this.#seen));
  }
}

@Module({ providers: [Counting] })
class Policies {}

const fixed = (name: string, security: object = {}) => ({ name, match: { path: `/${name}` }, respond: {}, security });

describe('what protects a gateway, when its configuration changes', () => {
  it('goes on counting for each route, wherever that stands', async () => {
    const limited = (name: string) => fixed(name, { rateLimit: { limit: 1, per: '1h' } });
    const gateway = await startInProcess({ routes: [limited('a'), limited('b')] });
    const ask = async (path: string): Promise<number> => (await request(gateway.port, { path })).status;
    expect(await ask('/a')).toBe(200);
    await gateway.apply({ routes: [limited('new'), limited('b'), limited('a')] });
    expect([await ask('/new'), await ask('/b'), await ask('/a')]).toEqual([200, 200, 429]);
  });

  it('keeps the instance of a policy whose entry stays', async () => {
    const file = (...more: object[]): object => ({
      routes: [...more, fixed('a', { policies: ['counting'] })],
    });
    const gateway = await startInProcess(file(), { imports: [Policies] });
    const ask = async (): Promise<string | undefined> => (await request(gateway.port, { path: '/a' })).header('x-seen');
    expect(await ask()).toBe('1');
    await gateway.apply(file(fixed('new')));
    expect(await ask()).toBe('2');
  });

  it('checks bodies by the new content of a schema file whose name is the same', async () => {
    const schema = join(await tempFolder(), 'schema.json');
    await writeFile(schema, '{ "type": "string" }');
    const backend = await startBackend();
    const file = {
      upstreams: { app: { backends: [backend.url] } },
      security: { validation: { maxBody: '1kb', body: { schema } } },
    };
    const gateway = await startInProcess(file);
    const send = async (body: string): Promise<number> => {
      const headers = { 'content-type': 'application/json' };
      return (await request(gateway.port, { method: 'POST', headers, body })).status;
    };
    expect([await send('"text"'), await send('1')]).toEqual([200, 422]);
    await writeFile(schema, '{ "type": "number" }');
    await gateway.apply(file);
    expect([await send('"text"'), await send('1')]).toEqual([422, 200]);
  });

  it('fetches keys once for all configurations that name them, and no more when none does', async () => {
    const [used, gone, next] = await Promise.all([1, 2, 3].map(() => Issuer.start(['one', one])));
    // What cannot be fetched is tried again after 1, 2, 4 … seconds.
    for (const issuer of [gone!, next!]) issuer.answer = () => [500, 'not now'];
    const file = (other: Issuer): object => ({
      routes: [fixed('a', { auth: { jwt: used!.jwt() } }), fixed('b', { auth: { jwt: other.jwt() } })],
    });
    const gateway = await startInProcess(file(gone!));
    const headers = bearer(await used!.token());
    expect((await request(gateway.port, { path: '/a', headers })).status).toBe(200);
    await eventually(() => gone!.fetches === 2, { what: 'the second try' });
    await gateway.apply(file(next!));
    await eventually(() => next!.fetches === 3, { what: 'the third try' });
    expect((await request(gateway.port, { path: '/a', headers })).status).toBe(200);
    expect([used!.fetches, gone!.fetches]).toEqual([1, 2]);
  });

  it('hides the key of a request that began when its field was one for keys', async () => {
    const release = Promise.withResolvers<void>();
    const backend = await startBackend((_, response) => void release.promise.then(() => response.end()));
    const file = (header: string): object => ({
      logging: { level: 'debug' },
      upstreams: { app: { backends: [backend.url] } },
      security: {
        auth: {
          apiKey: { header, keys: [{ id: 'a', sha256: createHash('sha256').update('opensesame').digest('hex') }] },
        },
      },
    });
    const gateway = await startInProcess(file('x-door'));
    const asked = request(gateway.port, { headers: { 'x-door': 'opensesame' } });
    await backend.received();
    for (const header of ['x-gate', 'x-lock']) await gateway.apply(file(header));
    release.resolve();
    expect((await asked).status).toBe(200);
    const line = await gateway.waitForLog(({ status }) => status === 200);
    expect(line['headers']).toMatchObject({ 'x-door': '[redacted]' });
    expect(gateway.logText).not.toContain('opensesame');
  });

  it('takes fields away that a client could forge from the moment that a route tells backends by them', async () => {
    const backend = await startBackend();
    const issuer = await startBackend(answer(200, '{"keys":[]}'));
    const file = (...more: object[]): object => ({
      upstreams: { app: { backends: [backend.url] } },
      routes: [{ name: 'open', upstream: 'app' }, ...more],
    });
    const jwt = { jwks: issuer.url, issuer: 'i', audience: 'a', forwardClaims: { sub: 'x-user' } };
    const gateway = await startInProcess(file());
    const seen = async (): Promise<string | undefined> => {
      await request(gateway.port, { headers: { 'x-user': 'root' } });
      return backend.last.header('x-user');
    };
    expect(await seen()).toBe('root');
    await gateway.apply(file(fixed('own', { auth: { jwt } })));
    expect(await seen()).toBeUndefined();
    await gateway.apply(file());
    expect(await seen()).toBe('root');
  });
});
