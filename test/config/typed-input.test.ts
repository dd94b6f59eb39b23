import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildConfig } from '../../src/config/loading/load-config.js';
import type { Duration, GatewayConfigInput, UpstreamConfigInput } from '../../src/config/typed/gateway-config-input.js';

const app: UpstreamConfigInput = { backends: ['http://127.0.0.1:3001'] };
const upstreams = { app };
const problemsOf = (input: GatewayConfigInput) => () => buildConfig(input);

// What stands behind `@ts-expect-error` here is refused by the compiler: `npm run typecheck` fails where it is not.
describe('a configuration that is written in TypeScript', () => {
  it('may say all that a file may say: the compiler takes the written snapshot', async () => {
    const { include: _, ...whole } = parse(
      readFileSync(join(import.meta.dirname, 'everything.yaml'), 'utf8'),
    ) as Record<string, unknown>;
    const keys = Object.entries(whole).map(([key, value]) => `  ${key}: ${JSON.stringify(value)},\n`);
    const text = `import type { GatewayConfigInput } from '../../../src/config/typed/gateway-config-input.js';\n\n/** What everything.yaml says. */\nexport const everything: GatewayConfigInput = {\n${keys.join('')}};\n`;
    await expect(text).toMatchFileSnapshot('fixtures/everything.ts');
  });

  it('is refused by the compiler for a key that is not known, in any block', () => {
    // @ts-expect-error a typo in a top-level key
    expect(problemsOf({ upstreams, worker: 1 })).toThrow('did you mean "workers"?');
    // @ts-expect-error a typo in the timeouts of an upstream
    expect(problemsOf({ upstreams: { app: { ...app, timeouts: { conect: '1s' } } } })).toThrow('"connect"');
    // @ts-expect-error a typo in a route
    expect(problemsOf({ upstreams, routes: [{ upstream: 'app', macth: { path: '/' } }] })).toThrow('"match"');
    // @ts-expect-error a typo in the limits of a route
    expect(problemsOf({ routes: [{ respond: {}, security: { rateLimit: { limit: 1, par: '1s' } } }] })).toThrow(
      '"per"',
    );
    // @ts-expect-error a typo beside a key that tells a built-in discovery from a registered one
    expect(problemsOf({ upstreams: { app: { discovery: { dns: 'a.internal', prt: 80 } } } })).toThrow('"port"');
    // @ts-expect-error only files include others
    expect(problemsOf({ upstreams, include: ['a.yaml'] })).toThrow('only a configuration file can include others');
  });

  it('is refused by the compiler for a value that cannot be meant', () => {
    // @ts-expect-error a duration without a known unit
    expect(problemsOf({ upstreams, shutdown: { grace: '10 sec' } })).toThrow('did you mean "10s"?');
    // @ts-expect-error a duration is no plain number: of which unit?
    expect(problemsOf({ upstreams, shutdown: { grace: 10 } })).toThrow('did you mean "10s"?');
    // @ts-expect-error a size without a known unit
    expect(problemsOf({ upstreams, security: { validation: { maxBody: '10M' } } })).toThrow('did you mean "10mb"?');
    // @ts-expect-error a word that is not among those that are allowed
    expect(problemsOf({ upstreams, logging: { level: 'verbose' } })).toThrow('logging.level');
    // @ts-expect-error the weight of a share is required
    expect(problemsOf({ upstreams, routes: [{ split: [{ upstream: 'app' }] }] })).toThrow('weight');
    // @ts-expect-error a list is no map
    expect(problemsOf({ upstreams: [app] })).toThrow('expected a block with a name for each');
    // @ts-expect-error a text is no port
    expect(problemsOf({ upstreams, listeners: [{ port: '8080' }] })).toThrow('listeners[0].port');
  });

  it('may have short forms, names of extensions with options, and values that are known at run time alone', () => {
    const grace: Duration = `${Number('5')}s`;
    const config = buildConfig({
      upstreams: {
        one: { backends: ['http://a', { url: 'http://b', weight: 2 }], strategy: 'my-own' },
        other: { discovery: { name: 'my-book', service: 'orders' }, strategy: { name: 'my-own', window: '5s' } },
        third: { discovery: { dns: 'a.internal', port: 80 }, panicThreshold: 0.5, slowStart: 0 },
      },
      routes: [{ upstream: 'one', timeouts: undefined, security: { policies: ['mine', { name: 'other', limit: 3 }] } }],
      security: { rateLimit: { limit: 10, per: '1s' } },
      shutdown: { grace },
    });
    expect([config.shutdown.grace, config.upstreams.get('third')?.panicThreshold]).toEqual([5000, 0.5]);
    expect(config.upstreams.get('other')?.strategy).toEqual({ name: 'my-own', options: { window: '5s' } });
  });
});
