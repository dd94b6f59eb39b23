import { describe, expect, it } from 'vitest';
import { WorkQueue } from './work-queue.js';

/** A queue whose work ends when the test ends it, one piece after the other. */
function queueOf(running: number, waiting: number, waitingOfOne = waiting) {
  const queue = new WorkQueue({ running, waiting, waitingOfOne });
  const started: string[] = [];
  const gates: (() => void)[] = [];
  const ask = (client: string, name = client): Promise<string | undefined> =>
    queue.run(client, async () => {
      started.push(name);
      await new Promise<void>(resolve => gates.push(resolve));
      return name;
    });
  const endOne = async (): Promise<void> => {
    gates.shift()!();
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { queue, started, ask, endOne };
}

describe('a queue of work', () => {
  it('runs a few at a time, lets a few wait in their order, and takes no more', async () => {
    const { started, ask, endOne } = queueOf(2, 2);
    const all = ['a', 'b', 'c', 'd'].map(name => ask('one', name));
    expect(await ask('one', 'e')).toBeUndefined();
    expect(started).toEqual(['a', 'b']);
    for (let i = 0; i < 4; i++) await endOne();
    expect(started).toEqual(['a', 'b', 'c', 'd']);
    expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('goes on after work that has failed', async () => {
    const { queue } = queueOf(1, 1);
    const bad = queue.run('one', () => Promise.reject(new Error('no')));
    const good = queue.run('one', () => Promise.resolve('good'));
    await expect(bad).rejects.toThrow('no');
    expect(await good).toBe('good');
  });

  it('lets clients take turns, even when one has asked for much more', async () => {
    const { started, ask, endOne } = queueOf(1, 8);
    for (let i = 0; i < 5; i++) void ask('busy', `busy ${i}`);
    void ask('ann');
    void ask('bob');
    for (let i = 0; i < 4; i++) await endOne();
    expect(started).toEqual(['busy 0', 'busy 1', 'ann', 'bob', 'busy 2']);
  });

  it('keeps no more than a share waiting for one client', async () => {
    const { ask, started, endOne } = queueOf(1, 8, 2);
    const guesses = Array.from({ length: 60 }, (_, i) => ask('guesser', String(i)));
    const ann = ask('ann');
    await endOne();
    await endOne();
    expect(started).toEqual(['0', '1', 'ann']);
    await endOne();
    await endOne();
    expect(await ann).toBe('ann');
    expect((await Promise.all(guesses)).filter(done => done !== undefined)).toHaveLength(3);
  });

  it('takes the room of the client who has the most, when there is none left', async () => {
    const { ask, started, endOne } = queueOf(1, 4);
    const busy = ['0', '1', '2', '3', '4'].map(name => ask('busy', name));
    const ann = ask('ann');
    expect(await busy[4]).toBeUndefined();
    const more = ask('busy', '5');
    expect(await more).toBeUndefined();
    for (let i = 0; i < 5; i++) await endOne();
    expect(await ann).toBe('ann');
    expect(started).toEqual(['0', '1', 'ann', '2', '3']);
  });

  it('refuses a client more when all have as much', async () => {
    const { ask, endOne } = queueOf(1, 2);
    void ask('a');
    const waiting = [ask('b'), ask('c')];
    expect(await ask('d')).toBeUndefined();
    for (let i = 0; i < 3; i++) await endOne();
    expect(await Promise.all(waiting)).toEqual(['b', 'c']);
  });
});
