import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startBackend, type Echo } from '../support/backend.js';
import { runCommand } from '../support/command.js';
import { request } from '../support/client.js';
import { valuesOf } from '../support/header-list.js';
import { runCli, startGateway } from '../support/program.js';
import { tempFolder } from '../support/temp.js';

/** A plug-in as a user writes it, in a folder where no package is installed. */
const plugin = `import { Inject, Injectable, Module } from '@nestjs/common';
import { IsString } from 'class-validator';
import { GatewayError, Policy, Strategy } from 'gatehouse';

class Plans {
  of(host) {
    return host === 'gold.example' ? 'gold' : undefined;
  }
}
Injectable()(Plans);

class TenantOptions {
  field = 'x-plan';
}
IsString()(TenantOptions.prototype, 'field');

class Tenant {
  constructor(plans) {
    this.plans = plans;
  }
  configure({ field }) {
    this.field = field;
  }
  check(request) {
    const plan = this.plans.of(request.host);
    if (plan === undefined) return new GatewayError('DENIED', 'No tenant has this name.');
    request.setRequestHeader(this.field, plan);
  }
}
Policy('tenant', { options: TenantOptions })(Tenant);
Inject(Plans)(Tenant, undefined, 0);

export class TenantModule {}
Module({ providers: [Plans, Tenant] })(TenantModule);

export class Last {
  pick(candidates) {
    return candidates.at(-1);
  }
}
Strategy('last')(Last);
`;

let folder: string;
let extension: string;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = join(await tempFolder(), 'plug-ins');
  await mkdir(folder, { recursive: true });
  extension = file('tenant.mjs');
  await writeFile(extension, plugin);
});

describe('the program with plug-ins', () => {
  it('uses their classes by name, in all of its threads', async () => {
    const [first, second] = await Promise.all([startBackend(), startBackend()]);
    const config = {
      listeners: [{ host: '127.0.0.1', port: 0 }],
      admin: { port: 0 },
      workers: 2,
      upstreams: { app: { backends: [first.url, second.url], strategy: 'last' } },
      security: { policies: [{ name: 'tenant', field: 'x-tariff' }] },
    };
    await writeFile(file('run.yaml'), stringify(config));
    const gateway = await startGateway(['--config', file('run.yaml'), '--extension', extension]);
    const host = { host: 'gold.example' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => request(gateway.port, { headers: host })));
    for (const answer of answers) {
      expect([answer.status, valuesOf(answer.json<Echo>().headers, 'x-tariff')]).toEqual([200, ['gold']]);
    }
    expect([first.requests.length, second.requests.length]).toEqual([0, 8]);
    const other = await request(gateway.port, { headers: { host: 'other.example' } });
    expect([other.status, other.json<{ detail: string }>().detail]).toEqual([403, 'No tenant has this name.']);
  });
});

describe('a file of extensions', () => {
  const configOf = async (text: string): Promise<string> => {
    const path = file('gateway.yaml');
    await writeFile(path, text);
    return path;
  };
  const upstream = 'upstreams:\n  app:\n    backends: [http://127.0.0.1:1]\n';

  it('has names and options checked with those of the file', async () => {
    const broken = await configOf(`${upstream}    strategy: lsat
security:
  policies: [{ name: tenant, feild: a }]
`);
    const { code, stderr } = await runCli(['check', broken, `--extension=${extension}`]);
    expect([code, stderr]).toEqual([
      1,
      `${broken}:4:15 upstreams.app.strategy: no strategy is called "lsat", known are round-robin, random, least-connections, power-of-two-choices, peak-ewma, ip-hash, consistent-hash, last (did you mean "last"?)
${broken}:6:30 security.policies[0].feild: unknown option (did you mean "field"?)
`,
    ]);
  });

  it.each<[string, string, string | undefined, RegExp]>([
    ['that is not there', 'none.mjs', undefined, /: there is no such file\n$/],
    ['in TypeScript', 'own.ts', 'export const a: number = 1;', /: it is TypeScript, .*: compile it \(npx tsc\), and name the \.js file\n$/], // prettier-ignore
    ['that exports no module', 'empty.mjs', 'export const help = 1;', /: it exports no Nest module, and no class with @Strategy, @Policy or the like; found: help\n$/], // prettier-ignore
    ['that throws', 'angry.mjs', "throw new Error('no database\\nis there');", /: Error: no database\n$/],
    ['that imports what is not there', 'poor.mjs', "import 'not-installed';", /: Error: Cannot find package 'not-installed'.*\n$/], // prettier-ignore
  ])('%s is refused in one line', async (_, name, text, says) => {
    if (text !== undefined) await writeFile(file(name), text);
    const config = await configOf(upstream);
    const { code, stderr, stdout } = await runCommand(['check', config, '--extension', file(name)]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(says);
    expect(stderr.startsWith(`gatehouse: --extension ${file(name)}`)).toBe(true);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('that cannot be parsed is refused with the line', async () => {
    await writeFile(file('odd.mjs'), 'const a = 1;\nexport { a, ;\n');
    const { code, stderr } = await runCli(['check', await configOf(upstream), '--extension', file('odd.mjs')]);
    expect([code, stderr]).toEqual([
      1,
      `gatehouse: --extension ${file('odd.mjs')}: SyntaxError: Unexpected token ';' (line 2)\n`,
    ]);
  });
});
