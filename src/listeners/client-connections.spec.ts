import { once } from 'node:events';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/poll.js';
import { CountTable, type CountSpace } from '../shared-memory/count-table.js';
import { ClientConnections } from './client-connections.js';

/** A count of two for each client; `connect` gives the connection, which is destroyed when it was refused. */
function scene(counts?: CountSpace) {
  const refused: string[] = [];
  const sut = new ClientConnections({
    listener: 'web',
    limit: 2,
    metrics: { refused: (listener, reason) => refused.push(`${listener} ${reason}`) },
    log: { debug: () => undefined },
    counts,
  });
  const connect = (peer: string | undefined): Socket => {
    const socket = new Socket();
    expect(sut.admit(socket, peer)).toBe(!socket.destroyed);
    return socket;
  };
  return { sut, refused, connect };
}

describe('the connections of a client', () => {
  it('are closed at once beyond the limit, and counted as refused', () => {
    const { refused, connect } = scene();
    const all = ['192.0.2.1', '192.0.2.1', '192.0.2.1', '192.0.2.2'].map(connect);
    expect(all.map(({ destroyed }) => destroyed)).toEqual([false, false, true, false]);
    expect(refused).toEqual(['web client']);
  });

  it('make room for others when they close, those that were refused do not', async () => {
    const { sut, connect } = scene();
    const [first, second, third] = [connect('192.0.2.1'), connect('192.0.2.1'), connect('192.0.2.1')];
    await once(third, 'close');
    expect(connect('192.0.2.1').destroyed).toBe(true);
    first.destroy();
    await once(first, 'close');
    const next = connect('192.0.2.1');
    expect([next.destroyed, connect('192.0.2.1').destroyed]).toEqual([false, true]);
    for (const socket of [second, next]) socket.destroy();
    await eventually(() => sut.clients === 0);
  });

  it('are those of one /64 of IPv6, in any spelling, and IPv4 in IPv6 is IPv4', () => {
    const { connect } = scene();
    const peers = ['2001:db8:0:7::1', '2001:DB8::7:ffff:0:0:2', '2001:db8:0:7::3', '2001:db8:0:8::1'];
    expect(peers.map(peer => connect(peer).destroyed)).toEqual([false, false, true, false]);
    const mapped = ['::ffff:192.0.2.1', '192.0.2.1', '::ffff:192.0.2.1', '::ffff:192.0.2.2'];
    expect(mapped.map(peer => connect(peer).destroyed)).toEqual([false, false, true, false]);
  });

  it('are those with all threads together, where they count them together', async () => {
    const memory = CountTable.allocate({ cells: 16, threads: 2 });
    const [one, two] = [0, 1].map(column => scene(new CountTable(memory, column).space('web')));
    const first = one!.connect('192.0.2.1');
    expect([two!.connect('192.0.2.1').destroyed, two!.connect('192.0.2.2').destroyed]).toEqual([false, false]);
    expect([one!.connect('192.0.2.1').destroyed, two!.connect('192.0.2.1').destroyed]).toEqual([true, true]);
    expect([one!.refused, two!.refused]).toEqual([['web client'], ['web client']]);
    first.destroy();
    await once(first, 'close');
    expect([two!.connect('192.0.2.1').destroyed, one!.sut.clients]).toEqual([false, 0]);
  });

  it('are any number where it has no address', () => {
    const { sut, connect } = scene();
    for (const peer of ['unix', 'unix', 'unix', undefined, undefined, undefined]) connect(peer);
    expect(sut.clients).toBe(0);
  });
});
