import { once } from 'node:events';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { ClientTie, tieOf, tieTo } from './client-tie.js';

describe('what ties backend connections to a client', () => {
  it('tells each of them once that the client has gone, in the order in which they asked', () => {
    const tie = new ClientTie();
    const told: string[] = [];
    tie.onEnd(() => told.push('one'));
    tie.onEnd(() => told.push('two'));
    expect([tie.ended, told]).toEqual([false, []]);
    tie.end();
    tie.end();
    expect([tie.ended, told]).toEqual([true, ['one', 'two']]);
  });

  it('is one for a connection, and there is none before it was asked for', () => {
    const socket = new Socket();
    expect(tieOf(socket)).toBeUndefined();
    const tie = tieTo(socket);
    expect([tieTo(socket) === tie, tieOf(socket) === tie, tieTo(new Socket()) === tie]).toEqual([true, true, false]);
  });

  it('ends with the connection', async () => {
    const socket = new Socket();
    const tie = tieTo(socket);
    let ended = 0;
    tie.onEnd(() => ended++);
    socket.destroy();
    await once(socket, 'close');
    expect([tie.ended, ended]).toEqual([true, 1]);
  });

  it('has ended already where the connection has', () => {
    const socket = new Socket();
    socket.destroy();
    expect(tieTo(socket).ended).toBe(true);
  });
});
