import { expect, it } from 'vitest';
import { buildConfig } from '../loading/load-config.js';
import { Prepared, Transition } from './transition.js';

const config = () => buildConfig({ upstreams: { app: { backends: ['http://127.0.0.1:1'] } } });

function setUp() {
  const transition = new Transition(config(), config());
  const done: string[] = [];
  for (const part of ['a', 'b']) {
    transition.afterCommit(() => done.push(`${part} goes on`));
    transition.onCommit(() => done.push(`${part} commits`));
    transition.onDiscard(() => done.push(`${part} discards`));
  }
  return { transition, done };
}

it('a transition takes effect from the lower parts to the upper ones', () => {
  const { transition, done } = setUp();
  transition.commit();
  expect(done).toEqual(['a commits', 'b commits', 'a goes on', 'b goes on']);
});

it('a transition that a part has refused is undone from the upper parts to the lower ones', () => {
  const { transition, done } = setUp();
  transition.discard();
  expect(done).toEqual(['b discards', 'a discards']);
});

it('what a part has prepared is there for the parts above it, and for no other transition', () => {
  const prepared = new Prepared<string>();
  const { transition } = setUp();
  expect(prepared.set(transition, 'next')).toBe('next');
  expect(prepared.get(transition)).toBe('next');
  expect(() => prepared.get(setUp().transition)).toThrow('has not prepared');
});
