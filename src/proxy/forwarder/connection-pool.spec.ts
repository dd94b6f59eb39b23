import { describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/poll.js';
import { startPool, User } from '../../../test/support/pool-scene.js';
import { ConnectionPool } from './connection-pool.js';

describe('a pool of connections', () => {
  it('makes a connection for a request, which waits until it stands', async () => {
    const { made, ask, figures } = startPool();
    const user = ask();
    expect([figures(), user.told]).toEqual([[0, 0, 1], 0]);
    const { connection } = await made[0]!.stand();
    expect([user.connection, figures()]).toEqual([connection, [1, 0, 0]]);
  });

  it('keeps what is free, and gives the one that was used last', async () => {
    const { pool, made, ask, served, figures } = startPool();
    const [first, second] = [await served(), await served()];
    pool.free(first.connection!);
    pool.free(second.connection!);
    expect([figures(), first.connection!.served]).toEqual([[0, 2, 0], 1]);
    expect(ask().connection).toBe(second.connection);
    expect(ask().connection).toBe(first.connection);
    expect([figures(), made.length]).toEqual([[2, 0, 0], 2]);
  });

  it('has no more connections than it may, those included that are being made; the first to come is served first', async () => {
    const { pool, made, ask, figures } = startPool();
    const users = [ask(), ask(), ask(), ask()];
    expect([made.length, figures()]).toEqual([2, [0, 0, 4]]);
    const { connection } = await made[1]!.stand();
    await made[0]!.stand();
    expect(users.map(user => user.told)).toEqual([1, 1, 0, 0]);
    expect(users[0]!.connection).toBe(connection);
    pool.free(connection);
    expect([users[2]!.connection, users[3]!.told, made.length]).toEqual([connection, 0, 2]);
  });

  it('makes the next one that waits a connection when one closes', async () => {
    const { made, ask, served, figures } = startPool({ max: 1 });
    const first = await served();
    const second = ask();
    expect(made.length).toBe(1);
    first.connection!.close();
    expect([made.length, figures()]).toEqual([2, [0, 0, 1]]);
    await made[1]!.stand();
    expect(second.told).toBe(1);
  });

  it('serves a request with a connection that is free before its own stands, and keeps that for the next', async () => {
    const { pool, made, ask, served, figures } = startPool();
    const first = await served();
    const second = ask();
    pool.free(first.connection!);
    expect([second.connection, figures()]).toEqual([first.connection, [1, 0, 0]]);
    const { connection } = await made[1]!.stand();
    expect([second.told, figures()]).toEqual([1, [1, 1, 0]]);
    expect(ask().connection).toBe(connection);
  });

  it('gives the connection that one request needs no more to the next that waits', async () => {
    const { pool, made, ask, served } = startPool();
    const first = await served();
    const [second, third] = [ask(), ask()];
    pool.free(first.connection!);
    const { connection } = await made[1]!.stand();
    expect([second.connection, third.connection, made.length]).toEqual([first.connection, connection, 2]);
  });

  it('makes no more connections than there are requests that wait', async () => {
    const { pool, made, ask, served } = startPool();
    const first = await served();
    const [second, third] = [ask(), ask()];
    pool.free(first.connection!);
    // The one that was made for it comes to the third.
    second.connection!.close();
    expect([made.length, third.told]).toEqual([2, 0]);
    await made[1]!.stand();
    expect(third.told).toBe(1);
  });

  it('makes one for each request that waits, and has no need to make two for one', async () => {
    const { made, ask, served } = startPool();
    const first = await served();
    const [second, third] = [ask(), ask()];
    first.connection!.close();
    expect(made.length).toBe(3);
    made[2]!.fail();
    expect([second.error, third.error?.message]).toEqual([undefined, 'refused']);
  });

  it('closes what is more than it may keep', async () => {
    const { pool, served, figures } = startPool({ maxIdle: 1 });
    const [first, second] = [await served(), await served()];
    pool.free(first.connection!);
    pool.free(second.connection!);
    expect(figures()).toEqual([0, 1, 0]);
    expect([first.connection!.isUsable, second.connection!.isUsable]).toEqual([true, false]);
  });

  it('gives no connection that the backend has closed', async () => {
    const { pool, made, ask, figures } = startPool();
    const first = ask();
    const { connection, backend } = await made[0]!.stand();
    pool.free(first.connection!);
    connection.socket.resume();
    backend.end();
    // Its end has been read, and not been told to the pool.
    await eventually(() => !connection.socket.writable);
    const second = ask();
    expect([second.told, made.length, figures()]).toEqual([0, 2, [0, 0, 1]]);
  });

  it('does not keep a connection that is of no use when it is freed', async () => {
    const { pool, ask, made, served, figures } = startPool({ max: 1 });
    const first = await served();
    const second = ask();
    first.connection!.socket.destroy();
    pool.free(first.connection!);
    expect([second.told, made.length, figures()]).toEqual([0, 2, [0, 0, 1]]);
  });

  it('forgets an unused connection that is gone', async () => {
    const { pool, served, figures } = startPool();
    const { connection } = await served();
    pool.free(connection!);
    connection!.lost(undefined);
    connection!.lost(undefined);
    expect(figures()).toEqual([0, 0, 0]);
  });
});

describe('a connection that cannot be made', () => {
  it('is told to the request that it was made for, and the next one that waits has one made', async () => {
    const { made, ask, figures } = startPool({ max: 1 });
    const [first, second] = [ask(), ask()];
    made[0]!.fail();
    expect([first.error?.message, second.told]).toEqual(['refused', 0]);
    expect([made.length, figures()]).toEqual([2, [0, 0, 1]]);
    await made[1]!.stand();
    expect(second.told).toBe(1);
  });

  it('is told to none where its request has another; the next one that waits has one made', async () => {
    const { pool, made, ask, served } = startPool();
    const first = await served();
    const [second, third] = [ask(), ask()];
    pool.free(first.connection!);
    made[1]!.fail();
    expect([second.told, second.error, third.told, made.length]).toEqual([1, undefined, 0, 3]);
    made[2]!.fail();
    expect(third.error?.message).toBe('refused');
  });

  it('may be asked for again by the request that is told of it', () => {
    const { pool, made, figures } = startPool({ max: 1 });
    const again = new User();
    const first = Object.assign(new User(), { refused: () => pool.ask(again) });
    pool.ask(first);
    made[0]!.fail();
    expect([made.length, again.told, figures()]).toEqual([2, 0, [0, 0, 1]]);
  });

  it('at all leaves no request waiting, and none for ever', async () => {
    const failures: (() => void)[] = [];
    const pool = new ConnectionPool({ max: 1, maxIdle: 1, idleTimeout: 0 }, (_, failed) => {
      failures.push(() => failed(new Error('no descriptor')));
      return undefined;
    });
    const users = [new User(), new User(), new User()];
    for (const user of users) pool.ask(user);
    for (let next = failures.shift(); next !== undefined; next = failures.shift()) next();
    expect(users.map(({ error, told }) => [error?.message, told])).toEqual(Array(3).fill(['no descriptor', 1]));
    expect(pool.pending).toBe(0);
  });
});

describe('a request that is given up while it waits', () => {
  it('has its connection given up, which makes room for another', () => {
    const { pool, made, ask, figures } = startPool({ max: 1 });
    const user = ask();
    pool.leave(user);
    expect([made[0]!.isAbandoned, figures()]).toEqual([true, [0, 0, 0]]);
    ask();
    expect([made.length, user.told]).toEqual([2, 0]);
  });

  it('leaves its connection to another one that waits', async () => {
    const { pool, made, ask, figures } = startPool({ max: 1 });
    const [first, second] = [ask(), ask()];
    pool.leave(first);
    expect([made[0]!.isAbandoned, made.length]).toEqual([false, 1]);
    const { connection } = await made[0]!.stand();
    expect([first.told, second.connection, figures()]).toEqual([0, connection, [1, 0, 0]]);
  });

  it('leaves it, and when that fails the other one has one of its own made', () => {
    const { pool, made, ask } = startPool({ max: 1 });
    const [first, second] = [ask(), ask()];
    pool.leave(first);
    made[0]!.fail();
    expect([first.told, second.told, made.length]).toEqual([0, 0, 2]);
  });

  it('without a connection of its own leaves those of others alone', () => {
    const { pool, made, ask, figures } = startPool({ max: 1 });
    const [first, second] = [ask(), ask()];
    pool.leave(second);
    expect([made[0]!.isAbandoned, first.told, figures()]).toEqual([false, 0, [0, 0, 1]]);
  });
});

describe('a pool that is closed', () => {
  it('closes the connections that are used and those that are not, and gives up those that are being made', async () => {
    const { pool, made, ask, served } = startPool({ max: 3 });
    const [used, unused] = [await served(), await served()];
    const early = ask();
    pool.free(unused.connection!);
    pool.free(early.connection!);
    expect([pool.active, pool.idle, made.length]).toEqual([1, 1, 3]);
    pool.close();
    expect([used, unused].map(({ connection }) => connection!.socket.destroyed)).toEqual([true, true]);
    expect(made.map(({ isAbandoned }) => isAbandoned)).toEqual([false, false, true]);
  });

  it('refuses the requests that wait', () => {
    const { pool, made, ask, figures } = startPool({ max: 1 });
    const users = [ask(), ask()];
    pool.close();
    expect(users.map(({ error }) => error?.message)).toEqual(Array(2).fill('the gateway is shutting down'));
    expect([made.length, figures()]).toEqual([1, [0, 0, 0]]);
  });

  it('has no connections when they are gone', async () => {
    const { pool, served, figures } = startPool();
    const users = [await served(), await served()];
    pool.free(users[0]!.connection!);
    pool.close();
    for (const { connection } of users) connection!.lost(undefined);
    expect(figures()).toEqual([0, 0, 0]);
  });
});
