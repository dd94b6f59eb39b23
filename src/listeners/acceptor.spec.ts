import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../test/support/cleanup.js';
import { connectRaw } from '../../test/support/client.js';
import { tempFolder } from '../../test/support/temp.js';
import { CountTable } from '../shared-memory/count-table.js';
import { Acceptor, type Address, type Taker } from './acceptor.js';

/** Says its name to each connection, and keeps it open. */
class Named implements Taker {
  readonly refusals: string[] = [];
  readonly sockets: Socket[] = [];

  constructor(
    private readonly name: string,
    readonly maxConnections = 100,
    readonly counts?: Taker['counts'],
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
  closeLater(() => sut.release(taker));
  await sut.open(taker);
  sut.serve(taker);
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

  it('lets what comes before it serves wait, with all that it says meanwhile', async () => {
    const taker = new Named('served');
    const sut = new Acceptor({ host: '127.0.0.1' });
    closeLater(() => sut.release(taker));
    await sut.open(taker);
    const [early, other] = [await connectRaw(sut.port!), await connectRaw(sut.port!)];
    early.send('early');
    other.half();
    const gone = await connectRaw(sut.port!);
    gone.reset();
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect([taker.sockets, early.received.length]).toEqual([[], 0]);
    sut.serve(taker);
    await early.until('served');
    // The others have left without a word.
    expect([taker.sockets.length, await other.closed()]).toEqual([1, 'end']);
    expect(String((await once(taker.sockets[0]!, 'data'))[0])).toBe('early');
  });

  it('closes what waits when it is released, and the address, also before that is open', async () => {
    const taker = new Named('never');
    const { port } = await open(taker);
    const sut = new Acceptor({ host: '127.0.0.2', port });
    await sut.open(taker);
    const early = net.connect(port, '127.0.0.2').on('error', () => {});
    await once(early, 'connect');
    sut.release(taker);
    await once(early.resume(), 'close');
    const again = new Acceptor({ host: '127.0.0.2', port });
    const opened = again.open(taker);
    again.release(taker);
    await opened;
    await again.open(taker);
    expect([again.isOpen, taker.sockets]).toEqual([false, []]);
    await expect(once(net.connect(port, '127.0.0.2'), 'connect')).rejects.toThrow('ECONNREFUSED');
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

  it('counts the connections of all threads, where they count them together', async () => {
    const memory = CountTable.allocate({ cells: 16, threads: 2 });
    const [here, there] = [0, 1].map(column => {
      const space = new CountTable(memory, column).space('connections');
      // Two acceptors of one process cannot have one address without the help of the system.
      return {
        enter: (_: string, limit?: number) => space.enter('one address', limit),
        leave: space.leave.bind(space),
      };
    });
    const [one, two] = [new Named('one', 2, here), new Named('two', 2, there)];
    const [first, second] = [await open(one), await open(two)];
    await (await connectRaw(first.port)).until('one');
    const leaving = await connectRaw(second.port);
    await leaving.until('two');
    await (await connectRaw(first.port)).closed();
    await (await connectRaw(second.port)).closed();
    expect([one.refusals, two.refusals]).toEqual([['limit'], ['limit']]);
    two.sockets[0]!.destroy();
    await once(two.sockets[0]!, 'close');
    await (await connectRaw(first.port)).until('one');
    await (await connectRaw(first.port)).closed();
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
