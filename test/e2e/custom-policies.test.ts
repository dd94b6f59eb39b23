import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HttpException, Injectable, Module } from '@nestjs/common';
import { IsInt } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { GatewayError, Policy, type PolicyContext, type RequestPolicy, type Verdict } from '../../src/index.js';
import { type Echo, startBackend } from '../support/backend.js';
import { request } from '../support/client.js';
import { startInProcess } from '../support/in-process.js';
import { eventually } from '../support/poll.js';

@Injectable()
class Tenants {
  of(host: string): string | undefined {
    return host === 'shop.example' ? 'shop' : undefined;
  }
}

@Policy('tenant')
class KnownTenants implements RequestPolicy {
  constructor(private readonly tenants: Tenants) {}

  check(request: PolicyContext): Verdict {
    const tenant = this.tenants.of(request.host);
    if (tenant === undefined) return new GatewayError('DENIED', 'No tenant has this name.');
    request.setRequestHeader('X-Tenant', tenant);
    return undefined;
  }
}

class QuotaOptions {
  @IsInt()
  requests = 1;
}

@Policy('quota', { options: QuotaOptions })
class Quota implements RequestPolicy {
  #left = 0;

  configure({ requests }: QuotaOptions): void {
    this.#left = requests;
  }

  async check(request: PolicyContext): Promise<Verdict> {
    request.setResponseHeader('X-Left', String(--this.#left));
    await Promise.resolve();
    return this.#left < 0 ? new GatewayError('DENIED', 'Used up.', undefined, 429) : undefined;
  }
}

@Policy('broken')
class Broken implements RequestPolicy {
  check({ path }: PolicyContext): Verdict | Promise<Verdict> {
    if (path === '/late') return Promise.reject(new Error('s3cret'));
    if (path === '/now') throw new Error('s3cret');
    return undefined;
  }

  checkBody(_: PolicyContext, body: Buffer): Verdict {
    if (body.includes('bad')) throw new Error('s3cret');
    return undefined;
  }
}

const later = new GatewayError('DENIED', 'Come later.', undefined, 429, ['Retry-After', '7']);

@Policy('late')
class Late implements RequestPolicy {
  check({ path }: PolicyContext): Verdict | Promise<Verdict> {
    switch (path) {
      case '/returned':
        return later;
      case '/thrown':
        // oxlint-disable-next-line typescript/only-throw-error -- a policy may.
        throw later;
      case '/rejected':
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a policy may.
        return Promise.reject(later);
      case '/http':
        throw new HttpException('Come later.', 429);
      default:
        return undefined;
    }
  }

  checkBody(): Verdict {
    // oxlint-disable-next-line typescript/only-throw-error -- a policy may.
    throw later;
  }
}

@Module({ providers: [Tenants, KnownTenants, Quota, Broken, Late] })
class Policies {}

const imports = [Policies];

describe('a policy of one’s own', () => {
  it('is asked by its name, and changes what the backend gets', async () => {
    const backend = await startBackend();
    const gateway = await startInProcess(
      `
upstreams: { app: { backends: ["${backend.url}"] } }
security: { policies: [tenant] }
`,
      { imports },
    );
    const ask = (host: string) => request(gateway.port, { headers: { host, 'x-tenant': 'forged' } });
    const { headers } = (await ask('shop.example')).json<Echo>();
    expect(headers.filter((_, at) => headers[at - 1]?.toLowerCase() === 'x-tenant')).toEqual(['shop']);
    const denied = await ask('other.example');
    expect([denied.status, denied.json<{ detail: string }>().detail]).toEqual([403, 'No tenant has this name.']);
    expect(backend.requests).toHaveLength(1);
  });

  it('is written as the documentation shows', () => {
    const text = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8');
    const [, comment = ''] = /```ts\n([^]*?) \* ```/.exec(text('../../src/security/custom/named-policy.ts')) ?? [];
    const example = comment.replaceAll(/^ \*(?: |$)/gm, '');
    expect(example.split('\n').length).toBeGreaterThan(10);
    expect(text('custom-policies.test.ts')).toContain(example);
  });

  it('has one instance for each entry of the file: routes that inherit one share it', async () => {
    const backend = await startBackend();
    const gateway = await startInProcess(
      {
        upstreams: { app: { backends: [backend.url] } },
        security: { policies: [{ name: 'quota', requests: 2 }] },
        routes: [
          { match: { path: '/a' }, upstream: 'app' },
          { match: { path: '/b' }, upstream: 'app' },
          { match: { path: '/own' }, upstream: 'app', security: { policies: ['quota'] } },
          { match: { path: '/free' }, upstream: 'app', security: { policies: [] } },
        ],
      },
      { imports },
    );
    const ask = async (path: string): Promise<unknown[]> => {
      const response = await request(gateway.port, { path });
      return [response.status, response.header('x-left')];
    };
    expect(await ask('/a')).toEqual([200, '1']);
    expect(await ask('/b')).toEqual([200, '0']);
    expect(await ask('/a')).toEqual([429, '-1']);
    expect(await ask('/own')).toEqual([200, '0']);
    expect(await ask('/own')).toEqual([429, '-1']);
    expect(await ask('/free')).toEqual([200, undefined]);
  });

  it('may throw its verdict, which is answered and logged as if it had returned it', async () => {
    const backend = await startBackend();
    const security = { policies: ['late'], validation: { maxBody: '1kb' } };
    const gateway = await startInProcess({ upstreams: { app: { backends: [backend.url] } }, security }, { imports });
    const ask = async (path: string, body?: string): Promise<readonly unknown[]> => {
      const answer = await request(gateway.port, { path, ...(body !== undefined && { method: 'POST', body }) });
      const { requestId: _, ...document } = answer.json<Record<string, unknown>>();
      return [answer.status, answer.header('retry-after'), answer.header('x-gateway-error'), document];
    };
    const returned = await ask('/returned');
    expect(returned).toEqual([429, '7', 'DENIED', expect.objectContaining({ detail: 'Come later.', status: 429 })]);
    expect(await ask('/thrown')).toEqual(returned);
    expect(await ask('/rejected')).toEqual(returned);
    expect(await ask('/', 'a body')).toEqual(returned);
    expect(await ask('/http')).toEqual([429, undefined, 'DENIED', returned[3]]);
    const lines = await eventually(
      () => gateway.logs.filter(line => line['status'] === 429).length === 5 && gateway.logs,
    );
    const reasons = lines.flatMap(line => (line['status'] === 429 ? [line['reason']] : []));
    expect(reasons).toEqual(Array.from({ length: 5 }, () => 'policy late: Come later.'));
  });

  it('that fails denies the request and is logged; the gateway goes on', async () => {
    const backend = await startBackend();
    const gateway = await startInProcess(
      {
        upstreams: { app: { backends: [backend.url] } },
        security: { policies: ['broken'], validation: { maxBody: '1kb' } },
      },
      { imports },
    );
    const responses = [
      await request(gateway.port, { path: '/now' }),
      await request(gateway.port, { path: '/late' }),
      await request(gateway.port, { path: '/', method: 'POST', body: 'bad' }),
    ];
    for (const { status, text } of responses) {
      expect(status).toBe(500);
      expect(text).not.toContain('s3cret');
    }
    expect(backend.requests).toHaveLength(0);
    expect(await gateway.waitForLog(line => JSON.stringify(line).includes('s3cret'))).toBeDefined();
    expect((await request(gateway.port, { method: 'POST', body: 'good' })).status).toBe(200);
  });

  it.each([
    [
      { policies: ['tenants'] },
      {},
      'security.policies[0]: no policy is named "tenants", known are broken, late, quota, tenant (did you mean "tenant"?)',
    ],
    [
      {},
      { policies: ['tenant', 'nothing'] },
      'routes[0].security.policies[1]: no policy is named "nothing", known are broken, late, quota, tenant',
    ],
    [
      { policies: [{ name: 'quota', request: 1 }] },
      {},
      'security.policies[0].request: unknown option (did you mean "requests"?)',
    ],
    [{ policies: [{ name: 'tenant', a: 1 }] }, {}, 'security.policies[0].a: unknown option; it takes none'],
    [
      { policies: ['broken'] },
      {},
      'security.policies[0]: the policy "broken" looks at whole bodies, so validation.maxBody must bound them',
    ],
    [
      { policies: 'tenant' },
      {},
      'security.policies: found "tenant", expected a list of values, each the name of a policy, or a block with name and its options',
    ],
  ])('stops the start when %j and %j cannot be meant', async (security, own, message) => {
    const started = startInProcess(
      {
        upstreams: { app: { backends: ['http://127.0.0.1:1'] } },
        routes: [{ upstream: 'app', security: own }],
        security,
      },
      { imports },
    );
    await expect(started).rejects.toThrow(message);
  });
});
