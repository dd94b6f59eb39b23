import { describe, expect, it } from 'vitest';
import { ConfigError } from '../loading/config-error.js';
import { effectiveConfig } from '../showing/effective-config.js';
import { buildConfig, parseConfig } from '../loading/load-config.js';

const withCheck = (healthCheck: object) => ({ upstreams: { app: { backends: ['http://127.0.0.1:1'], healthCheck } } });

const typeOf = (type: unknown) => buildConfig(withCheck({ type })).upstreams.get('app')?.healthCheck?.type;

function problemsOf(healthCheck: object): string[] {
  try {
    buildConfig(withCheck(healthCheck));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ path, message }) => `${path}: ${message}`);
    throw error;
  }
}

const warningsOf = (healthCheck: object) =>
  parseConfig(JSON.stringify(withCheck(healthCheck)), { file: 'gateway.yaml' }).warnings.map(({ message }) => message);

describe('the timeout of a health check', () => {
  const timeoutOf = (healthCheck: object) =>
    buildConfig(withCheck(healthCheck)).upstreams.get('app')?.healthCheck?.timeout;

  it('is 2s, or the interval where that is shorter', () => {
    expect(timeoutOf({})).toBe(2000);
    expect(timeoutOf({ interval: '10s' })).toBe(2000);
    expect(timeoutOf({ interval: '1s' })).toBe(1000);
    expect(timeoutOf({ interval: '1s', timeout: '300ms' })).toBe(300);
  });

  it('must not be written longer than the interval', () => {
    expect(problemsOf({ interval: '1s', timeout: '2s' })).toEqual([
      'upstreams.app.healthCheck.timeout: a probe may not take longer than healthCheck.interval',
    ]);
    expect(problemsOf({ timeout: '6s' })).toHaveLength(1);
  });
});

describe('the type of a health check', () => {
  it('is http unless it is given', () => {
    expect(buildConfig(withCheck({})).upstreams.get('app')?.healthCheck?.type).toEqual({ name: 'http', options: {} });
  });

  it('is the name of a probe, or a block with the name and its options', () => {
    expect(typeOf('tcp')).toEqual({ name: 'tcp', options: {} });
    expect(typeOf('redis-ping')).toEqual({ name: 'redis-ping', options: {} });
    expect(typeOf({ name: 'redis-ping', db: 1 })).toEqual({ name: 'redis-ping', options: { db: 1 } });
  });

  it.each([
    ['a name and options', { name: 'redis-ping', db: 1 }],
    ['a name', 'tcp'],
  ])('is written as %s', (_what, type) => {
    const shown = effectiveConfig(buildConfig(withCheck({ type }))) as ReturnType<typeof withCheck>;
    expect(shown.upstreams.app.healthCheck).toMatchObject({ type });
  });

  it.each([[7], [''], [[]], [{}], [{ db: 1 }], [{ name: 'a b' }]])('is not %j', type => {
    expect(problemsOf({ type })).toEqual([
      expect.stringMatching(/^upstreams\.app\.healthCheck\.type: found .* expected http, tcp,/),
    ]);
  });

  it('has no options of its own when it is built in: they stand beside it', () => {
    expect(problemsOf({ type: { name: 'http', path: '/' } })).toEqual([
      'upstreams.app.healthCheck.type: the options of http stand beside type: only the name goes in it',
    ]);
  });

  it('that looks like a slip is warned of, for a module may register it', () => {
    expect(warningsOf({ type: 'htpp' })).toEqual([expect.stringContaining('"htpp" is not built in')]);
    expect(warningsOf({ type: 'redis-ping' })).toEqual([]);
  });

  it('other than http leaves what only http looks at without effect, which is warned of', () => {
    expect(warningsOf({ type: 'tcp', path: '/x' })).toEqual([expect.stringContaining('only the http probe')]);
    expect(warningsOf({ path: '/x' })).toEqual([]);
  });
});
