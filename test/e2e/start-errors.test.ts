import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import { describe, expect, it } from 'vitest';
import { buildConfig } from '../../src/config/loading/load-config.js';
import { createGateway } from '../../src/standalone.js';
import { StartError } from '../../src/listeners/start-error.js';
import { closeLater } from '../support/cleanup.js';
import { startInProcess } from '../support/in-process.js';
import { tempFolder } from '../support/temp.js';

/** Why a gateway with this listener does not start. */
async function startError(listener: object): Promise<string> {
  const gateway = await createGateway(
    buildConfig({
      listeners: [{ name: 'web', ...listener }],
      admin: { port: 0 },
      logging: { level: 'silent' },
      upstreams: { app: { backends: ['http://127.0.0.1:9'] } },
    }),
  );
  const error: unknown = await gateway.start().catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(StartError);
  return (error as StartError).message;
}

/** Listens, until the test ends. */
async function occupy(where: net.ListenOptions): Promise<AddressInfo> {
  const server = net.createServer().listen(where);
  closeLater(() => server.close());
  await once(server, 'listening');
  return server.address() as AddressInfo;
}

describe('a gateway that cannot listen', () => {
  it('says that the folder of a socket does not exist', async () => {
    const folder = join(await tempFolder(), 'missing');
    expect(await startError({ unix: join(folder, 'x.sock') })).toMatch(
      `listener "web": cannot listen on ${folder}/x.sock: the folder ${folder} does not exist (`,
    );
  });

  it('says that a file or a folder stands where the socket should be', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'plain.txt'), '');
    await mkdir(join(folder, 'inner'));
    expect(await startError({ unix: join(folder, 'plain.txt') })).toContain(
      'plain.txt: a file that is no socket stands there; remove it or choose another path (EADDRINUSE)',
    );
    expect(await startError({ unix: join(folder, 'inner') })).toContain('inner: a folder stands there;');
  });

  it('says that another program listens on the socket', async () => {
    const path = join(await tempFolder(), 'taken.sock');
    await occupy({ path });
    expect(await startError({ unix: path })).toContain('taken.sock: another program listens there already');
  });

  it('writes an address of IPv6 as URLs have it', async () => {
    const { port } = await occupy({ host: '::', port: 0 });
    expect(await startError({ host: '::', port })).toContain(`cannot listen on [::]:${port}: another program`);
  });
});

it('a gateway whose modules fail at start leaves nothing running: those that have started are told to end', async () => {
  const told: string[] = [];
  class Started implements OnModuleDestroy {
    onModuleDestroy(): void {
      told.push('end');
    }
  }
  class Failing implements OnModuleInit {
    onModuleInit(): void {
      throw new Error('no connection to the store');
    }
  }
  class Own {}
  const imports = [{ module: Own, providers: [Started, Failing] }];
  const started = startInProcess({ upstreams: { app: { backends: ['http://127.0.0.1:9'] } } }, { imports });
  await expect(started).rejects.toThrow('no connection to the store');
  expect(told).toEqual(['end']);
});
