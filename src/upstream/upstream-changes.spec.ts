import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Transition } from '../config/live/transition.js';
import { buildConfig } from '../config/loading/load-config.js';
import { Upstreams } from './upstreams.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const at = (id: string, more: object = {}) => ({ id, url: `http://${id}.example`, ...more });

const config = (backends: object[], more: object = {}, others: object = {}) =>
  buildConfig({
    upstreams: { app: { backends, ...more }, ...others },
    routes: [{ upstream: 'app' }],
    shutdown: { grace: '5s' },
  });

/** Upstreams of a file, with a way to another file. */
function setUp(backends: object[], more: object = {}) {
  let from = config(backends, more);
  const upstreams = new Upstreams(from.upstreams);
  const heard: string[] = [];
  upstreams.onChange(({ name, available }) => heard.push(`${name}: ${available.map(({ id }) => id).join()}`));
  const change = (...next: Parameters<typeof config>): void => {
    const to = config(...next);
    heard.length = 0;
    const transition = new Transition(from, to);
    upstreams.prepare(transition);
    transition.onCommit(() => expect(heard).toEqual([]));
    transition.commit();
    from = to;
  };
  return { upstreams, app: upstreams.get('app'), heard, change };
}

describe('an upstream in another configuration', () => {
  it('keeps the backends that stay, with their vetoes, and takes those that are new, in their order', () => {
    const { app, heard, change } = setUp([at('a'), at('b')]);
    const b = app.backends[1]!;
    b.veto('unhealthy');
    change([at('c'), at('b')]);
    expect(app.backends.map(({ id }) => id)).toEqual(['c', 'b']);
    expect([app.backends[1] === b, app.available.map(({ id }) => id), heard]).toEqual([true, ['c'], ['app: c']]);
  });

  it('takes a backend of the same id at another address for another one', () => {
    const { app, change } = setUp([at('a')]);
    const a = app.backends[0]!;
    change([{ id: 'a', url: 'http://other.example' }]);
    expect([app.backends[0] === a, a.vetoes.has('removed')]).toEqual([false, true]);
  });

  it('gives a backend another weight and role without another ramp, and a new list to strategies', () => {
    const { app, change } = setUp([at('a'), at('b')], { slowStart: '9s' });
    const before = app.available;
    change([at('a', { weight: 5 }), at('b', { backup: true })], { slowStart: '9s' });
    expect([app.backends[0]!.weight, app.available.map(({ id }) => id), app.spares.map(({ id }) => id)]).toEqual([
      5,
      ['a'],
      ['b'],
    ]);
    expect(app.available).not.toBe(before);
  });

  it('has new backends ramp up to their weight where it has a slow start', () => {
    const { app, change } = setUp([at('a')], { slowStart: '9s' });
    change([at('a'), at('b')], { slowStart: '9s' });
    expect(app.backends.map(({ weight }) => weight)).toEqual([1, 0.1]);
    vi.advanceTimersByTime(9_000);
    expect(app.backends.map(({ weight }) => weight)).toEqual([1, 1]);
  });

  it('drains a removed backend that still has exchanges after shutdown.grace, and forgets it when it has none', () => {
    const { app, heard, change } = setUp([at('a'), at('b')]);
    const a = app.backends[0]!;
    a.load.tryTake(1);
    change([at('b')]);
    expect([app.leaving, app.isDraining]).toEqual([[a], false]);
    heard.length = 0;
    vi.advanceTimersByTime(5_000);
    expect([a.vetoes.has('draining'), app.isDraining, heard]).toEqual([true, true, ['app: b']]);
    a.load.giveBack();
    expect([app.leaving, vi.getTimerCount()]).toEqual([[], 0]);
  });

  it('takes a removed backend back that is still there', () => {
    const { app, change } = setUp([at('a'), at('b')]);
    const a = app.backends[0]!;
    a.load.tryTake(1);
    change([at('b')]);
    vi.advanceTimersByTime(5_000);
    change([at('a'), at('b')]);
    expect([app.backends[0] === a, a.vetoes.size, app.available.length, vi.getTimerCount()]).toEqual([true, 0, 2, 0]);
  });

  it('ends when the configuration has it no more, and one of another name begins', () => {
    const { upstreams, app, change } = setUp([at('a')]);
    const [a] = app.backends;
    change([at('a')], {}, { more: { backends: [at('m')] } });
    expect([...upstreams].map(({ name }) => name)).toEqual(['app', 'more']);
    expect([upstreams.get('app') === app, app.backends[0] === a]).toEqual([true, true]);
    const more = upstreams.get('more');
    change([at('a')]);
    expect(() => upstreams.get('more')).toThrow('no upstream');
    expect([more.available, app.available.length]).toEqual([[], 1]);
  });
});
