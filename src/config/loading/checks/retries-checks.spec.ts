import { describe, expect, it } from 'vitest';
import { parseConfig } from '../load-config.js';

const warningsOf = (upstream: string, route = ''): string[] =>
  parseConfig(
    `upstreams: { app: { backends: ["http://a"], ${upstream} } }\nroutes: [{ upstream: app, ${route} }]`,
  ).warnings.map(({ path, message }) => `${path}: ${message}`);

const none = 'timeout in retries.on has no effect: ';
const shared =
  'retries.tryTimeout is not shorter than timeouts.response, which then is the time for all attempts together';

describe('`timeout` in retries.on', () => {
  it('is warned about where no attempt can follow a timeout', () => {
    expect(warningsOf('retries: { on: [timeout], attempts: 0 }')).toEqual([
      `upstreams.app.retries.on: ${none}retries.attempts is 0`,
    ]);
    expect(warningsOf('retries: { on: [timeout] }, timeouts: { response: 0s }')).toEqual([
      `upstreams.app.retries.on: ${none}neither timeouts.response nor retries.tryTimeout limits an attempt`,
    ]);
    expect(warningsOf('retries: { on: [timeout], tryTimeout: 30s }')).toEqual([
      `upstreams.app.retries.on: ${none}${shared}`,
    ]);
  });

  it('is warned about where it is a route that leaves no time for a second attempt', () => {
    const upstream = 'retries: { on: [timeout], tryTimeout: 5s }';
    expect(warningsOf(upstream, 'timeouts: { response: 5s }')).toEqual([`routes[0].timeouts: ${none}${shared}`]);
    expect(warningsOf('', 'retries: { on: [timeout], attempts: 0 }')).toEqual([
      `routes[0].retries: ${none}retries.attempts is 0`,
    ]);
  });

  it.each([
    ['retries: { on: [timeout] }', ''],
    ['retries: { on: [timeout], tryTimeout: 5s }', ''],
    ['retries: { on: [timeout], tryTimeout: 5s }, timeouts: { response: 0s }', ''],
    ['retries: { on: [timeout] }', 'timeouts: { response: 5s }'],
    ['retries: { attempts: 0 }', ''],
    ['', 'retries: { tryTimeout: 60s }'],
  ])('is not warned about in %s %s', (upstream, route) => expect(warningsOf(upstream, route)).toEqual([]));
});
