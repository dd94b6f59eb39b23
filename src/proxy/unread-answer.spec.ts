import { describe, expect, it } from 'vitest';
import { roadTo } from '../../test/support/road-scene.js';
import { MemoryShare } from './client/memory-share.js';
import type { HeldAnswer, UnreadAnswers } from './target/unread-answers.js';
import { UnreadAnswer } from './unread-answer.js';

/** An answer on its way to a slow client. `most`: bytes of memory for answers; `length`: of its body. */
async function slow({ most = 1_000_000_000, length = -1 } = {}) {
  const { exchange, answer } = (await roadTo(['a'])).open();
  answer.length = length;
  const told: string[] = [];
  const answers: Pick<UnreadAnswers, 'paused' | 'flows'> = {
    paused: () => told.push('paused'),
    flows: () => told.push('flows'),
  };
  const memory = new MemoryShare(most);
  const goOn = { goOn: () => void told.push('go on') };
  const sut: HeldAnswer & UnreadAnswer = new UnreadAnswer(exchange, answers as UnreadAnswers, memory, goOn);
  return { answer, exchange, memory, sut, told };
}

describe('the answer of a client that does not keep up', () => {
  it('stops the backend, and is told of once, until the client has read all', async () => {
    const { sut, told } = await slow();
    expect([sut.goesOn(10), sut.goesOn(10)]).toEqual([false, false]);
    sut.drained();
    expect(told).toEqual(['paused', 'flows']);
    expect(sut.goesOn(10)).toBe(false);
    sut.over();
    sut.over();
    expect(told).toEqual(['paused', 'flows', 'paused', 'flows']);
  });

  it('is read on into a MiB of memory, once, and stops again when that is full', async () => {
    const { memory, sut, told } = await slow();
    sut.goesOn(10);
    expect(sut.readOn()).toBe(true);
    expect([memory.taken, told]).toEqual([1024 * 1024, ['paused', 'go on']]);
    expect(sut.goesOn(1024 * 1024 - 1)).toBe(true);
    expect(sut.goesOn(1)).toBe(false);
    expect([sut.readOn(), memory.taken]).toEqual([false, 1024 * 1024]);
    sut.drained();
    expect(sut.goesOn(1024 * 1024 - 1)).toBe(true);
  });

  it('takes no more memory than what is still to come, and one byte for its end', async () => {
    const { exchange, memory, sut } = await slow({ length: 1_000 });
    exchange.bytesOut = 400;
    sut.goesOn(10);
    expect([sut.readOn(), memory.taken]).toEqual([true, 601]);
    expect(sut.goesOn(600)).toBe(true);
    exchange.borrowed!.giveBack();
    expect(memory.taken).toBe(0);
  });

  it('is not read on where there is no memory', async () => {
    const { memory, sut, told } = await slow({ most: 100 });
    sut.goesOn(10);
    expect([sut.readOn(), memory.taken, told]).toEqual([false, 0, ['paused']]);
  });

  it('is cut as if the client had left, with the reason', async () => {
    const { answer, exchange, sut } = await slow();
    sut.cut(2_000.4);
    expect([exchange.error?.code, exchange.errorReason, answer.told]).toEqual([
      'CLIENT_ABORTED',
      'read nothing for 2000 ms while others waited for the backend',
      ['abort'],
    ]);
  });
});
