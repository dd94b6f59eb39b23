import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Transition } from '../../config/live/transition.js';
import { buildConfig } from '../../config/loading/load-config.js';
import { LongLived, type LastingState } from './long-lived.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const listener = { name: 'web', scheme: 'http', port: 80, unix: false, draining: true } as const;
const other = { ...listener, name: 'other' };

/** Three that are open: `a` and `b` by one listener, on routes of their names; `c` by another, on the route of `a`. */
function threeOpen() {
  const longLived = new LongLived();
  const told: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    const each = {
      drain: (): void => {
        told.push(name);
        longLived.open.delete(each);
      },
    };
    const state = (): LastingState => ({}) as LastingState;
    const route = name === 'c' ? 'a' : name;
    longLived.open.set(each, { route, listener: name === 'c' ? other : listener, kind: 'stream', state });
  }
  return { longLived, told };
}

const configOf = (...routes: string[]) =>
  buildConfig({
    upstreams: { app: { backends: ['http://127.0.0.1:1'] } },
    routes: routes.map(name => ({ name, match: { path: `/${name}` }, upstream: 'app' })),
    shutdown: { grace: '5s' },
  });

it('tells everything that is open when the gateway shuts down, also where that ends at once', () => {
  const { longLived, told } = threeOpen();
  longLived.drain();
  longLived.drain();
  expect([told, longLived.open.size]).toEqual([['a', 'b', 'c'], 0]);
});

it('tells what came by the listener that shuts down, when it is one alone', () => {
  const { longLived, told } = threeOpen();
  longLived.drain(listener);
  expect(told).toEqual(['a', 'b']);
});

it('tells what is open on a route that another configuration does not have, after shutdown.grace', () => {
  const { longLived, told } = threeOpen();
  const transition = new Transition(configOf('a', 'b'), configOf('b', 'd'));
  longLived.prepare(transition);
  vi.advanceTimersByTime(10_000);
  expect(told).toEqual([]);
  transition.commit();
  vi.advanceTimersByTime(4_999);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(told).toEqual(['a', 'c']);
});
