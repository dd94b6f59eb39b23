import { describe, expect, it } from 'vitest';
import { Borrowed, ClientMemory, MemoryShare } from './memory-share.js';

describe('an amount of memory', () => {
  it('is taken up to its last byte, and no further', () => {
    const share = new MemoryShare(10);
    expect([share.take(6), share.take(5), share.take(4), share.take(1), share.taken]).toEqual([
      ...[true, false, true, false, 10],
    ]);
    share.give(4);
    expect([share.take(5), share.take(4)]).toEqual([false, true]);
  });

  it('is given back by an exchange, all that it has taken of each share, and once', () => {
    const [bodies, answers] = [new MemoryShare(10), new MemoryShare(10)];
    const borrowed = new Borrowed();
    expect([borrowed.take(bodies, 4), borrowed.take(answers, 3), borrowed.take(bodies, 5)]).toEqual([true, true, true]);
    expect(borrowed.take(bodies, 2)).toBe(false);
    expect([bodies.taken, answers.taken]).toEqual([9, 3]);
    bodies.take(1);
    borrowed.giveBack();
    borrowed.giveBack();
    expect([bodies.taken, answers.taken]).toEqual([1, 0]);
    expect(borrowed.take(bodies, 9)).toBe(true);
  });

  it('is 64 MiB for bodies and as much for answers', () => {
    const { bodies, answers } = new ClientMemory();
    expect([bodies.most, answers.most]).toEqual([64 * 1024 ** 2, 64 * 1024 ** 2]);
    bodies.take(bodies.most);
    expect(answers.take(answers.most)).toBe(true);
  });

  it('is divided among the threads that carry traffic', () => {
    const { bodies, answers } = new ClientMemory(4);
    expect([bodies.most, answers.most]).toEqual([16 * 1024 ** 2, 16 * 1024 ** 2]);
  });
});
