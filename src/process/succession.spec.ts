import { describe, expect, it, vi } from 'vitest';
import { Succession } from './succession.js';

const inUse = (): Error => Object.assign(new Error('in use'), { code: 'EADDRINUSE' });

describe('a process that is to hand over', () => {
  it('cannot before it runs, nor when it ends already: nothing changes then', () => {
    const succession = new Succession();
    expect([succession.handOver(), succession.hasSuccessor]).toEqual([false, false]);
    const end = vi.fn();
    succession.onHandOver(() => false, end);
    expect([succession.handOver(), succession.hasSuccessor]).toEqual([false, false]);
    expect(end).not.toHaveBeenCalled();
  });

  it('ends once, behind the answer to its successor', async () => {
    const succession = new Succession();
    const ended = Promise.withResolvers<void>();
    let hasBegun = false;
    succession.onHandOver(
      () => !hasBegun && (hasBegun = true),
      () => ended.resolve(),
    );
    expect([succession.handOver(), succession.hasSuccessor, succession.handOver()]).toEqual([true, true, false]);
    await ended.promise;
  });
});

describe('a successor', () => {
  it('has its predecessor leave, and listens as soon as the address is free', async () => {
    const leave = vi.fn(async () => {});
    const listen = vi.fn(async () => {});
    listen.mockRejectedValueOnce(inUse()).mockRejectedValueOnce(inUse());
    await new Succession({ leave }).takeOver(listen);
    expect([leave.mock.calls.length, listen.mock.calls.length]).toEqual([1, 3]);
  });

  it('does not listen when its predecessor stays, and gives up at other errors', async () => {
    const listen = vi.fn(async () => Promise.reject(new Error('no such address')));
    const stays = { leave: async () => Promise.reject(new Error('it stays')) };
    await expect(new Succession(stays).takeOver(listen)).rejects.toThrow('it stays');
    expect(listen).not.toHaveBeenCalled();
    await expect(new Succession().takeOver(listen)).rejects.toThrow('no such address');
  });
});
