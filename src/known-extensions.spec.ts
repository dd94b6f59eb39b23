import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Max, MaxLength, Min, ValidateNested } from 'class-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config/loading/load-config.js';
import { jsonSchema } from './config/showing/reference/json-schema.js';
import { HttpProbe } from './health/http-probe.js';
import { Probe } from './health/probe.js';
import { TcpProbe } from './health/tcp-probe.js';
import type { ExtensionPart } from './extension/declared-classes.js';
import { builtInExtensions, knownExtensions } from './known-extensions.js';
import { Strategy } from './load-balancer/strategy.js';
import { builtinForwarders } from './proxy/forwarder/builtin-forwarders.js';
import { Forwarder } from './proxy/forwarder/registered-forwarder.js';
import { Policy } from './security/custom/named-policy.js';

class Window {
  @IsInt()
  seconds!: number;
}

class QuotaOptions {
  @IsInt()
  @Min(1)
  @Max(100)
  requests!: number;

  @IsIn(['client', 'tenant'])
  by = 'client';

  @IsOptional()
  @IsString({ each: true })
  @MaxLength(8, { each: true })
  plans?: string[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Window)
  window?: Window;
}

@Policy('quota', { options: QuotaOptions })
class Quota {
  configure(_: QuotaOptions): void {}
  check(): undefined {}
}

@Policy('hours')
class Hours {
  check(): undefined {}
}

@Strategy('idlest')
class Idlest {
  pick<T>([first]: readonly [T, ...T[]]): T {
    return first;
  }
}

@Module({ providers: [{ provide: 'HOURS', useClass: Hours }] })
class HoursModule {}

@Module({ imports: [HoursModule], providers: [Quota, { provide: Idlest, useFactory: () => new Idlest() }] })
class OwnModule {}

const text = (policies: string, more = ''): string => `upstreams:
  app: { backends: [http://127.0.0.1:3001]${more} }
security:
  policies:
${policies}
`;

describe('the names that the program knows', () => {
  it('are those of the forwarders and probes that come with it', () => {
    expect(builtInExtensions.forwarders).toEqual(builtinForwarders.map(type => Forwarder.read(type)?.name));
    expect(builtInExtensions.probes).toEqual([HttpProbe, TcpProbe].map(type => Probe.read(type)?.name));
  });
});

describe('the extensions of modules', () => {
  it('are found in modules, in those that they import, and alone', async () => {
    const dynamic: DynamicModule = { module: class Empty {}, providers: [Idlest], imports: [HoursModule] };
    const names = async (...parts: ExtensionPart[]) => {
      const { policies, strategies } = await knownExtensions(...parts);
      const own = [...policies!, ...strategies!.slice(builtInExtensions.strategies.length)];
      return own.map(each => (typeof each === 'string' ? each : each.name)).sort();
    };
    expect(await names(OwnModule)).toEqual(['hours', 'idlest', 'quota']);
    expect(await names(Promise.resolve(dynamic))).toEqual(['hours', 'idlest']);
    expect(await names({ forwardRef: () => HoursModule }, Quota)).toEqual(['hours', 'quota']);
  });

  it('have their options checked with line, column and what was meant', async () => {
    const known = await knownExtensions(OwnModule);
    const broken = text(`    - { name: quota, requests: 0 }
    - name: quota
      requests: 5
      window: { second: 1 }
    - { name: hours, from: 8 }
    - qouta`);
    expect(() => parseConfig(broken, known)).toThrow(
      [
        'gateway.yaml:5:32 security.policies[0].requests: must not be less than 1',
        'gateway.yaml:8:7 security.policies[1].window.seconds: must be an integer number',
        'gateway.yaml:8:17 security.policies[1].window.second: unknown option (did you mean "seconds"?)',
        'gateway.yaml:9:22 security.policies[2].from: unknown option; it takes none',
        'gateway.yaml:10:7 security.policies[3]: no policy is called "qouta", known are hours, quota (did you mean "quota"?)',
      ].join('\n'),
    );
    expect(parseConfig(text('    - { name: quota, requests: 5 }', ', strategy: idlest'), known).warnings).toEqual([]);
  });

  it('are part of the JSON Schema, with their options', async () => {
    const validate = new Ajv2020({ strict: false }).compile(jsonSchema({ known: await knownExtensions(OwnModule) }));
    const isValid = (...policies: unknown[]): boolean =>
      validate({
        upstreams: { app: { backends: ['http://127.0.0.1:1'], strategy: 'idlest' } },
        security: { policies },
      });
    expect(
      isValid('hours', { name: 'quota', requests: 3, by: 'tenant', plans: ['gold'], window: { seconds: 1 } }),
    ).toBe(true);
    expect(isValid({ name: 'quota', requests: '${REQUESTS}' })).toBe(true);
    for (const wrong of [
      'qouta',
      { name: 'quota' },
      { name: 'quota', requests: 101 },
      { name: 'quota', requests: 1, by: 'moon' },
      { name: 'quota', requests: 1, plans: ['much too long'] },
      { name: 'quota', requests: 1, window: { seconds: 'a' } },
      { name: 'hours', from: 8 },
    ])
      expect(isValid(wrong), JSON.stringify(wrong)).toBe(false);
  });

  it('may take a built-in name over on purpose, and only then', async () => {
    @Strategy('random')
    class ByAccident extends Idlest {}
    @Strategy('random', { replaces: true })
    class OnPurpose extends Idlest {}
    await expect(knownExtensions(ByAccident)).rejects.toThrow(
      'two classes are named strategy "random": the built-in one and ByAccident; the one that is to take the place of the other says { replaces: true }',
    );
    const { strategies } = await knownExtensions(OnPurpose);
    expect(strategies).toHaveLength(builtInExtensions.strategies.length);
  });

  it('are nothing where a class has no name', async () => {
    @Injectable()
    class Nameless {}
    expect((await knownExtensions(Nameless)).policies).toEqual([]);
  });
});
