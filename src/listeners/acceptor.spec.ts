import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { connectRaw } from '../../test/support/client.js';
import { tempFolder } from '../../test/support/temp.js';
import { Acceptor, type Address, type Taker } from './acceptor.js';

/** Says its name to each connection, and keeps it open. */
class Named implements Taker {
  readonly refusals: string[] = [];
  readonly sockets: Socket[] = [];

  constructor(
    private readonly name: string,
    readonly maxConnections = 100,
  ) {
    closeLater(() => this.sockets.forEach(socket => socket.destroy()));
  }

  take(socket: Socket): void {
    this.sockets.push(socket.on('error', () => {}));
    socket.write(this.name);
  }

  refused(reason: string): void {
    this.refusals.push(reason);
  }
}

async function open(taker: Taker, address: Partial<Address> = {}) {
  const sut = new Acceptor({ host: '127.0.0.1', port: 0, ...address });
  sut.serve(taker);
  await sut.open();
  closeLater(() => sut.release(taker));
  return { sut, port: sut.port! };
}

describe('an acceptor', () => {
  it('tells which port it has been given, and rejects with the error of the system when it gets none', async () => {
    const taker = new Named('a');
    const { port } = await open(taker);
    expect(port).toBeGreaterThan(0);
    await expect(open(taker, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('hands what comes to another taker when it is told to, without a connection being refused', async () => {
    const [first, second] = [new Named('first'), new Named('second')];
    const { sut, port } = await open(first);
    const early = await connectRaw(port);
    await early.until('first');
    sut.serve(second);
    sut.release(first);
    await (await connectRaw(port)).until('second');
    // What the first has taken stays its own.
    first.sockets[0]!.write(' still');
    await early.until('still');
    sut.release(second);
    await expect(connectRaw(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('counts the connections of all takers against the limit of the last', async () => {
    const { sut, port } = await open(new Named('first', 1));
    await (await connectRaw(port)).until('first');
    const second = new Named('second', 2);
    sut.serve(second);
    await (await connectRaw(port)).until('second');
    await (await connectRaw(port)).closed();
    expect([second.sockets.length, second.refusals]).toEqual([1, ['limit']]);
  });

  it('has a unix socket until its last taker is gone', async () => {
    const unix = join(await tempFolder(), 'gw.sock');
    const [first, second] = [new Named('first'), new Named('second')];
    const { sut } = await open(first, { unix });
    sut.serve(second);
    sut.release(first);
    expect(existsSync(unix)).toBe(true);
    const client = net.connect(unix);
    closeLater(() => client.destroy());
    expect(String((await once(client, 'data'))[0])).toBe('second');
    sut.release(second);
    expect(existsSync(unix)).toBe(false);
  });
});
