import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Transition } from '../../config/live/transition.js';
import { shareUnchanged } from '../../config/live/share-unchanged.js';
import { buildUntyped } from '../../config/loading/load-config.js';
import { Upstreams } from '../upstreams.js';
import { BackendControl, UnknownBackendError } from './backend-control.js';
import { ControlLog, type ControlChange } from './control-log.js';

const start = Date.UTC(2026, 0, 31, 12);
const minute = 60_000;
const day = 24 * 60 * minute;
beforeEach(() => void vi.useFakeTimers({ now: start }));
afterEach(() => void vi.useRealTimers());

const at = (id: string, more: object = {}) => ({ id, url: `http://${id}.test`, ...more });
const found = (...ids: string[]) => ids.map(id => ({ ...at(id), weight: 1, backup: false }));
const load = (upstreams: object) => buildUntyped({ upstreams, routes: [], shutdown: { grace: '5s' } });

/** The control of `app`, with the backends a and b (which may be found as well), and of `other`, with b. */
function setUp(app: object = { backends: [at('a'), at('b')] }) {
  const log: { msg: string; by?: string }[] = [];
  const sink = { write: (line: string) => void log.push(JSON.parse(line) as { msg: string }) };
  let config = load({ app, other: { backends: [at('b')] } });
  const upstreams = new Upstreams(config.upstreams);
  const control = new BackendControl(upstreams, new ControlLog(pino({}, sink)));
  const changes: ControlChange[] = [];
  control.onChange(change => changes.push(change));
  const backend = (id: string, name = 'app') => upstreams.get(name).backends.find(each => each.id === id)!;
  return {
    control,
    upstreams,
    changes,
    backend,
    find: (...ids: string[]) => upstreams.found('app', found(...ids), 5_000),
    reload: (next: object) => {
      const transition = new Transition(config, shareUnchanged(load(next), config));
      upstreams.prepare(transition);
      control.prepare(transition);
      transition.commit();
      config = transition.to;
    },
    /** What was logged since the last call. */
    said: () => log.splice(0).map(({ msg, by }) => (by === undefined ? msg : `${msg} [${by}]`)),
    vetoes: (id: string, name = 'app') => [...backend(id, name).vetoes],
  };
}

describe('the control of backends', () => {
  it('drains one backend of one upstream, says who has asked, and undrains it', () => {
    const { control, said, vetoes, backend } = setUp();
    control.drain('app', 'b', { by: '192.0.2.1' });
    expect([vetoes('b'), vetoes('b', 'other'), vetoes('a')]).toEqual([['draining'], [], []]);
    expect(backend('b').reasons.get('draining')).toBe('by hand');
    expect(said()).toEqual(['app/b is drained by hand [192.0.2.1]']);
    control.undrain('app', 'b', { by: '192.0.2.1' });
    expect([vetoes('b'), control.snapshot()]).toEqual([[], []]);
    expect(said()).toEqual(['app/b is no longer drained by hand [192.0.2.1]']);
  });

  it('gives a backend another weight, beside a drain of its own', () => {
    const { control, said, backend, vetoes } = setUp();
    control.weight('app', 'a', 0);
    control.drain('app', 'a');
    control.weight('app', 'a', 5);
    expect([backend('a').weight, vetoes('a')]).toEqual([5, ['draining']]);
    control.undrain('app', 'a');
    control.resetWeight('app', 'a');
    expect([backend('a').weight, control.of('app', 'a')]).toEqual([1, undefined]);
    expect(said()).toEqual([
      'app/a has weight 0 by hand',
      'app/a is drained by hand',
      'app/a has weight 5 by hand',
      'app/a is no longer drained by hand',
      'app/a has the weight of its configuration again',
    ]);
  });

  it('says and tells nothing where nothing changes', () => {
    const { control, said, changes } = setUp();
    control.undrain('app', 'a');
    control.resetWeight('app', 'a');
    control.drain('app', 'a');
    control.drain('app', 'a');
    expect([said(), changes.length]).toEqual([['app/a is drained by hand'], 1]);
  });

  it.each([
    ['apq', 'a', 'no upstream is named "apq"; did you mean "app"?'],
    ['nonsense', 'a', 'no upstream is named "nonsense" (known: app, other)'],
    ['app', 'bb', 'the upstream "app" has no backend "bb"; did you mean "b"?'],
    ['app', 'nonsense', 'the upstream "app" has no backend "nonsense" (known: a, b)'],
  ])('refuses %s/%s: %s', (upstream, backend, message) => {
    const { control, said } = setUp();
    for (const call of [
      () => control.drain(upstream, backend),
      () => control.undrain(upstream, backend),
      () => control.weight(upstream, backend, 1),
      () => control.resetWeight(upstream, backend),
    ])
      expect(call).toThrow(new UnknownBackendError(message));
    expect(said()).toEqual([]);
  });

  it.each([-1, 1001, 1.5, NaN])('refuses the weight %d', weight => {
    expect(() => setUp().control.weight('app', 'a', weight)).toThrow(
      new RangeError(`a weight is a whole number from 0 to 1000, and not ${weight}`),
    );
  });

  it.each([0, -1, NaN, Infinity])('refuses the time %d', time => {
    const { control } = setUp();
    expect(() => control.drain('app', 'a', { for: time })).toThrow(RangeError);
    expect(() => control.weight('app', 'a', 1, { for: time })).toThrow(RangeError);
    expect(control.snapshot()).toEqual([]);
  });
});

describe('what is set for a time', () => {
  it('is lifted when the time is over, each part by itself, with a line in the log', () => {
    const { control, said, vetoes, backend } = setUp();
    control.drain('app', 'a', { for: 10 * minute });
    control.weight('app', 'a', 7, { for: 20 * minute });
    expect(said()).toEqual([
      'app/a is drained by hand, until 2026-01-31T12:10:00.000Z',
      'app/a has weight 7 by hand, until 2026-01-31T12:20:00.000Z',
    ]);
    expect(backend('a').reasons.get('draining')).toBe('by hand, until 2026-01-31T12:10:00.000Z');
    vi.advanceTimersByTime(10 * minute);
    expect([vetoes('a'), backend('a').weight]).toEqual([[], 7]);
    expect(said()).toEqual(['app/a is no longer drained by hand: its time is over']);
    vi.advanceTimersByTime(10 * minute);
    expect([backend('a').weight, vi.getTimerCount()]).toEqual([1, 0]);
    expect(said()).toEqual(['app/a has the weight of its configuration again: its time is over']);
  });

  it('lasts as the last call says', () => {
    const { control, vetoes } = setUp();
    control.drain('app', 'a', { for: minute });
    control.drain('app', 'a', { for: 3 * minute });
    control.drain('app', 'b', { for: minute });
    control.drain('app', 'b');
    vi.advanceTimersByTime(2 * minute);
    expect([vetoes('a'), vetoes('b')]).toEqual([['draining'], ['draining']]);
    vi.advanceTimersByTime(minute);
    expect([vetoes('a'), vetoes('b')]).toEqual([[], ['draining']]);
  });

  it('does not keep a process alive, and waits for nothing when the gateway has ended', () => {
    vi.useRealTimers();
    const { control } = setUp();
    const resources = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length;
    const before = resources();
    control.drain('app', 'a', { for: minute });
    expect(resources()).toBe(before);
    control.onApplicationShutdown();
    vi.useFakeTimers();
    control.drain('app', 'a', { for: minute });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('what is set by hand stays', () => {
  it('when the configuration changes, for backends with another definition and for those that come back', () => {
    const { control, reload, said, vetoes, backend } = setUp();
    control.drain('app', 'a');
    control.weight('app', 'b', 5, { for: 10 * minute });
    said();
    reload({ app: { backends: [at('a', { weight: 9 }), at('b', { weight: 9 })] }, other: { backends: [at('b')] } });
    expect([vetoes('a'), backend('b').weight, backend('b').configuredWeight]).toEqual([['draining'], 5, 9]);
    reload({ other: { backends: [at('b')] } });
    expect(control.lines()).toEqual([
      'app/a stays drained by hand (it is not there now)',
      'app/b keeps weight 5 by hand, until 2026-01-31T12:10:00.000Z (it is not there now)',
    ]);
    reload({ app: { backends: [at('b'), at('a')] } });
    expect([vetoes('a'), backend('b').weight, said()]).toEqual([['draining'], 5, []]);
    expect(control.lines()).toEqual([
      'app/a stays drained by hand',
      'app/b keeps weight 5 by hand, until 2026-01-31T12:10:00.000Z',
    ]);
  });

  it('when discovery finds others and finds the backend again, and the log says so', () => {
    const { control, find, said, vetoes, upstreams } = setUp({ discovery: 'test' });
    find('a', 'b');
    control.drain('app', 'a');
    said();
    find('a', 'b', 'c');
    expect([vetoes('a'), said()]).toEqual([['draining'], []]);
    find('b');
    expect(control.gone('app').map(({ backend }) => backend)).toEqual(['a']);
    const heard: string[] = [];
    upstreams.onChange(({ available }) => heard.push(available.map(({ id }) => id).join()));
    find('a', 'b');
    expect([vetoes('a'), said(), heard]).toEqual([['draining'], ['app/a stays drained by hand'], ['b']]);
  });

  it('at most a day while the backend is gone, and can be lifted meanwhile', () => {
    const { control, find, said, vetoes } = setUp({ discovery: 'test' });
    find('a', 'b', 'c');
    for (const id of ['a', 'b']) control.drain('app', id);
    find('c');
    control.undrain('app', 'a');
    said();
    vi.advanceTimersByTime(day - 1);
    find('c');
    expect(control.snapshot()).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(said()).toEqual(['app/b is no longer drained by hand: the backend has been gone for too long']);
    find('a', 'b');
    expect([vetoes('a'), vetoes('b'), vi.getTimerCount()]).toEqual([[], [], 0]);
  });

  it('for a thousand backends; of more, what is set for those that have been gone longest is forgotten', () => {
    const { control, find } = setUp({ discovery: 'test' });
    find('x0');
    control.restore([{ upstream: 'app', backend: 'x1', weight: { value: 0 } }]);
    vi.advanceTimersByTime(minute);
    const ids = Array.from({ length: 1_001 }, (_, index) => `x${index}`);
    control.restore(ids.map(backend => ({ upstream: 'app', backend, weight: { value: 0 } })));
    expect([control.snapshot().length, control.of('app', 'x1')]).toEqual([1_000, undefined]);
    expect(control.lines()).toHaveLength(101);
    expect([control.lines()[0], control.lines().at(-1)]).toEqual([
      'app/x0 keeps weight 0 by hand',
      '… and 900 more by hand',
    ]);
  });
});

describe('a snapshot', () => {
  it('can be sent to another thread, and puts the same into force there, with the same ends', () => {
    const [one, other] = [setUp(), setUp()];
    one.control.drain('app', 'a', { for: 10 * minute });
    one.control.weight('other', 'b', 0);
    other.control.weight('app', 'b', 9);
    vi.advanceTimersByTime(minute);
    other.said();
    other.control.restore(structuredClone(one.control.snapshot()));
    expect(other.control.snapshot()).toEqual(one.control.snapshot());
    expect([other.vetoes('a'), other.backend('b', 'other').weight, other.backend('b').weight]).toEqual([
      ['draining'],
      0,
      1,
    ]);
    expect(other.said()).toEqual([]);
    vi.advanceTimersByTime(9 * minute);
    expect([one.vetoes('a'), other.vetoes('a')]).toEqual([[], []]);
  });

  it('that is put into force twice changes nothing the second time, so that threads can tell each other', () => {
    const { control, changes } = setUp();
    const settings = [{ upstream: 'app', backend: 'a', drained: {} }];
    control.restore(settings);
    control.restore(structuredClone(control.snapshot()));
    expect(changes.map(({ reason, backend }) => [reason, backend])).toEqual([['restored', 'a']]);
  });

  it('waits for backends that are not there yet, and leaves out what has ended', () => {
    const { control, find, vetoes, backend } = setUp({ discovery: 'test' });
    control.restore([
      { upstream: 'app', backend: 'a', drained: {}, weight: { value: 3, until: start } },
      { upstream: 'app', backend: 'b', weight: { value: 3, until: start - 1 } },
    ]);
    find('a', 'b');
    expect([vetoes('a'), backend('a').weight, backend('b').weight]).toEqual([['draining'], 1, 1]);
  });
});

it('each change is told with what was before and after, and why, until the listener has enough', () => {
  const { control } = setUp();
  const heard: ControlChange[] = [];
  const stop = control.onChange(change => heard.push(change));
  control.drain('app', 'a', { for: minute, by: 'me' });
  vi.advanceTimersByTime(minute);
  stop();
  control.drain('app', 'a');
  const setting = { upstream: 'app', backend: 'a', drained: { until: start + minute } };
  expect(heard).toEqual([
    { upstream: 'app', backend: 'a', before: undefined, after: setting, reason: 'asked', by: 'me' },
    { upstream: 'app', backend: 'a', before: setting, after: undefined, reason: 'expired' },
  ]);
});
