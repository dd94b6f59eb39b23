import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { canSharePorts, checkFree } from './port-sharing.js';

const host = '127.0.0.1';

async function listening(reusePort: boolean): Promise<number> {
  const server = createServer().listen({ host, port: 0, reusePort });
  closeLater(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('addresses that are to be shared', () => {
  it.each([false, true])(
    'are refused where another socket listens, also one that would share its port: %s',
    async reusePort => {
      const port = await listening(reusePort);
      await expect(checkFree([{ name: 'web', host, port }])).rejects.toThrow(
        `listener "web": cannot listen on ${host}:${port}: another program listens there already`,
      );
      await checkFree([{ name: 'web', host, port }], new Set([port]));
    },
  );

  it('are looked at and left free again; ports of choice and unix sockets are not', async () => {
    const server = createServer().listen({ host, port: 0 });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const others = [
      { name: 'any', host, port: 0 },
      { name: 'none', host },
      { name: 'unix', host, unix: '/nowhere' },
    ];
    await checkFree([...others, { name: 'web', host, port }]);
    const again = createServer().listen({ host, port });
    closeLater(() => again.close());
    await once(again, 'listening');
  });

  it('can be shared on Linux, and not on macOS or Windows', () => {
    expect((['linux', 'freebsd', 'darwin', 'win32'] as const).map(canSharePorts)).toEqual([true, true, false, false]);
  });
});
