import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Transition } from '../config/live/transition.js';
import { buildUntyped } from '../config/loading/load-config.js';
import { shareUnchanged } from '../config/live/share-unchanged.js';
import type { Upstream } from './upstream.js';
import { Upstreams } from './upstreams.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const definition = (id: string, more: object = {}) => ({
  id,
  url: `http://${id}.test`,
  weight: 1,
  backup: false,
  ...more,
});

/** Upstreams of which `app` finds backends, with ways to give it some and to change the file. */
function setUp(app: object = {}) {
  const load = (upstreams: object) => buildUntyped({ upstreams, routes: [], shutdown: { grace: '5s' } });
  let config = load({ app: { discovery: 'test', ...app } });
  const upstreams = new Upstreams(config.upstreams);
  const heard: string[] = [];
  const ids = (name = 'app') => upstreams.get(name).backends.map(({ id }) => id);
  const idsOf = ({ backends }: Upstream) => backends.map(({ id }) => id).join();
  upstreams.onFound(each => heard.push(`follow ${each.name}: ${idsOf(each)}`));
  upstreams.onChange(each => heard.push(`change ${each.name}: ${idsOf(each)}`));
  return {
    app: upstreams.get('app'),
    upstreams,
    heard,
    ids,
    find: (...backends: readonly ReturnType<typeof definition>[]) => upstreams.found('app', backends, 5_000),
    change: (next: object, whilePrepared: () => void = () => {}) => {
      const transition = new Transition(config, shareUnchanged(load(next), config));
      upstreams.prepare(transition);
      whilePrepared();
      transition.commit();
      config = transition.to;
    },
  };
}

describe('backends that are found', () => {
  it('stand behind those of the configuration, and those of the same id are left out', () => {
    const { app, find, ids } = setUp({ backends: [{ id: 'fix', url: 'http://fix.example' }] });
    find(definition('a'), definition('fix', { weight: 9 }), definition('b'));
    expect([ids(), app.backends[0]?.weight]).toEqual([['fix', 'a', 'b'], 1]);
  });

  it('are there for what follows each backend before anything else hears of them', () => {
    const { find, heard } = setUp();
    find(definition('a'));
    expect(heard).toEqual(['follow app: a', 'change app: a']);
  });

  it('stay the same while they are found again, with another weight too, and drain when they are gone', () => {
    const { app, find, ids } = setUp();
    find(definition('a'), definition('b'));
    const [a, b] = app.backends;
    for (const each of [a!, b!]) each.load.tryTake(1);
    find(definition('b', { weight: 7 }));
    expect([ids(), app.backends[0] === b, b!.weight, app.leaving]).toEqual([['b'], true, 7, [a]]);
    vi.advanceTimersByTime(5_000);
    expect([...a!.vetoes]).toEqual(['removed', 'draining']);
    find(definition('a'), definition('b'));
    expect([app.backends[0] === a, a!.vetoes.size]).toEqual([true, 0]);
  });

  it('ramp up beside others, and not where there was none', () => {
    const { app, find } = setUp({ slowStart: '9s' });
    find(definition('a'));
    expect(app.backends.map(({ weight }) => weight)).toEqual([1]);
    find(definition('a'), definition('b'));
    expect(app.backends.map(({ weight }) => weight)).toEqual([1, 0.1]);
  });

  it('may be ten thousand', () => {
    const { app, find } = setUp({ slowStart: '9s' });
    const many = (prefix: string) => Array.from({ length: 10_000 }, (_, n) => definition(`${prefix}${n}`));
    find(...many('a'));
    find(...many('b'));
    expect(app.available).toHaveLength(10_000);
    expect([app.leaving, app.backends.at(-1)?.id]).toEqual([[], 'b9999']);
  });
});

describe('another configuration', () => {
  it('keeps what was found, also with another discovery, and takes it away with the discovery', () => {
    const { app, change, find, ids } = setUp();
    find(definition('a'));
    const [a] = app.backends;
    change({ app: { discovery: 'test', backends: ['http://fix:1'], timeouts: { response: '1s' } } });
    expect([ids(), app.backends[1] === a]).toEqual([['fix:1', 'a'], true]);
    change({ app: { discovery: 'other', backends: ['http://fix:1'] } });
    expect(ids()).toEqual(['fix:1', 'a']);
    change({ app: { backends: ['http://fix:1'] } });
    expect(ids()).toEqual(['fix:1']);
    change({ app: { backends: ['http://fix:1'], discovery: 'test' } });
    expect(ids()).toEqual(['fix:1']);
  });

  it('begins with nothing for an upstream that was gone in between', () => {
    const { change, find, ids } = setUp();
    find(definition('a'));
    change({ other: { backends: ['http://fix:1'] } });
    change({ app: { discovery: 'test' } });
    expect(ids()).toEqual([]);
  });

  it('loses nothing that is found while it is prepared', () => {
    const { change, find, ids } = setUp();
    find(definition('a'));
    change({ app: { discovery: 'test', slowStart: '1s' } }, () => find(definition('b')));
    expect(ids()).toEqual(['b']);
  });
});
