import { describe, expect, it } from 'vitest';
import { parseConfig } from '../load-config.js';

const warningsOf = (listener: string): string[] =>
  parseConfig(`listeners: [${listener}]\nroutes: [{ respond: {} }]`, { file: '/etc/gateway.yaml' }).warnings.map(
    ({ path, message }) => `${path}: ${message}`,
  );

describe('the limit of connections for each client', () => {
  it('is warned about on a unix socket, whose clients have no address', () => {
    expect(warningsOf('{ unix: gw.sock, limits: { connectionsPerClient: 5 } }')).toEqual([
      'listeners[0].limits.connectionsPerClient: has no effect: the clients of a unix socket have no address',
    ]);
  });

  it.each([
    '{ port: 8080, limits: { connectionsPerClient: 5 } }',
    '{ unix: gw.sock, proxyProtocol: true, limits: { connectionsPerClient: 5 } }',
    '{ unix: gw.sock, limits: { connectionsPerClient: 0 } }',
  ])('may stand on %s', listener => {
    expect(warningsOf(listener)).toEqual([]);
  });
});
