import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCommand } from '../../test/support/command.js';

afterEach(() => void vi.unstubAllGlobals());

/** Puts a gateway in the place of the network, which answers all with `{}`; gives what it was asked. */
function gatewayEverywhere(): { readonly url: string; readonly token: string | null }[] {
  const asked: { url: string; token: string | null }[] = [];
  vi.stubGlobal('fetch', async (url: URL, { headers }: RequestInit) => {
    asked.push({ url: url.href, token: new Headers(headers).get('authorization') });
    return new Response('[]');
  });
  return asked;
}

describe('a command that only looks', () => {
  it('asks at the default address where it is told of no gateway', async () => {
    const asked = gatewayEverywhere();
    await runCommand(['upstreams', '--json'], { env: { GATEWAY_ADMIN_TOKEN: 'hunter2' } });
    await runCommand(['tail'], { env: { GATEWAY_CONFIG: '' } });
    expect(asked).toEqual([
      { url: 'http://127.0.0.1:9901/upstreams', token: 'Bearer hunter2' },
      { url: 'http://127.0.0.1:9901/tail?', token: null },
    ]);
  });

  it('asks where it is told to', async () => {
    const asked = gatewayEverywhere();
    await runCommand(['upstreams', '--admin', 'http://127.0.0.1:1234']);
    expect(asked).toEqual([{ url: 'http://127.0.0.1:1234/upstreams', token: null }]);
  });
});

describe('a command that changes something', () => {
  it.each([['drain', 'a'], ['weight', 'a', '1'], ['breaker', 'a', 'open'], ['reload']])(
    'is to be told of which gateway: %s',
    async (...args) => {
      const asked = gatewayEverywhere();
      expect((await runCommand(args)).stderr).toContain('name the file of the running gateway with --config');
      expect(asked).toEqual([]);
    },
  );
});
