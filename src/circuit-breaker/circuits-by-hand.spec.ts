import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Transition } from '../config/live/transition.js';
import { shareUnchanged } from '../config/live/share-unchanged.js';
import { buildConfig } from '../config/loading/load-config.js';
import type { Thread } from '../shared-memory/thread.js';
import { BackendControl } from '../upstream/control/backend-control.js';
import { ControlLog } from '../upstream/control/control-log.js';
import { Upstreams } from '../upstream/upstreams.js';
import { CircuitBreakers } from './circuit-breakers.js';
import { CircuitEvents, type CircuitEvent } from './circuit-events.js';
import { CircuitFactory } from './circuit-factory.js';
import { CircuitsByHand } from './circuits-by-hand.js';
import { fail } from './testing.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const configOf = (circuitBreaker: object = {}) =>
  buildConfig({
    upstreams: { app: { discovery: 'test', backends: [{ id: 'a', url: 'http://a.test' }], circuitBreaker } },
    routes: [],
  });

/** The circuits of a thread, which follow what is set by hand. */
function setUp(thread?: Thread) {
  let config = configOf();
  const upstreams = new Upstreams(config.upstreams);
  const lines: string[] = [];
  const write = (line: string): void => void lines.push((JSON.parse(line) as { msg: string }).msg);
  const control = new BackendControl(upstreams, new ControlLog(pino({}, { write }), thread));
  const factory = new CircuitFactory(new CircuitEvents(vi.fn()), vi.fn());
  const breakers = new CircuitBreakers([], factory, upstreams, config, new CircuitsByHand(control, thread));
  const events: CircuitEvent[] = [];
  breakers.events.subscribe(event => void events.push(event));
  const found = (...ids: string[]) =>
    upstreams.found(
      'app',
      ids.map(id => ({ id, url: `http://${id}.test`, weight: 1, backup: false })),
      0,
    );
  found();
  return {
    control,
    breakers,
    lines,
    found,
    state: (id = 'a') => breakers.find({ upstream: 'app', backend: id })!.state,
    counted: () => events.filter(({ isFollowed }) => isFollowed !== true).map(({ from, to }) => `${from} > ${to}`),
    reload: (circuitBreaker: object) => {
      const transition = new Transition(config, shareUnchanged(configOf(circuitBreaker), config));
      for (const part of [upstreams, control, breakers]) part.prepare(transition);
      transition.commit();
      config = transition.to;
    },
  };
}

describe('a circuit that is held open by hand', () => {
  it('stays open until it is closed, and says who has asked for it', () => {
    const { breakers, control, counted, lines, state } = setUp();
    control.openCircuit('app', 'a', { by: '192.0.2.1' });
    vi.advanceTimersByTime(3_600_000);
    expect([state(), breakers.get('a').retryIn]).toEqual(['open', Infinity]);
    control.closeCircuit('app', 'a');
    expect(state()).toBe('closed');
    expect(counted()).toEqual(['closed > open', 'open > closed']);
    expect(lines).toEqual([
      'the circuit of app/a is held open by hand',
      'the circuit of app/a is no longer held open by hand',
      'the circuit of app/a is closed by hand',
    ]);
  });

  it('closes when its time is over', () => {
    const { control, lines, state } = setUp();
    control.openCircuit('app', 'a', { for: 60_000 });
    vi.advanceTimersByTime(59_000);
    expect(state()).toBe('open');
    vi.advanceTimersByTime(1_000);
    expect(state()).toBe('closed');
    expect(lines.at(-1)).toBe('the circuit of app/a is no longer held open by hand: its time is over');
  });

  it('is held, too, when it had opened by itself', () => {
    const { breakers, control, state } = setUp();
    fail(breakers.get('a'), 20, 'hard');
    expect(state()).toBe('open');
    control.openCircuit('app', 'a');
    vi.advanceTimersByTime(3_600_000);
    expect(state()).toBe('open');
  });

  it('stays so when another configuration makes it anew, and the log says so', () => {
    const { control, counted, reload, state } = setUp();
    control.openCircuit('app', 'a');
    reload({ openFor: '3s' });
    expect([state(), control.lines()]).toEqual(['open', ['the circuit of app/a stays open by hand']]);
    expect(counted()).toEqual(['closed > open']);
    control.resetCircuit('app', 'a');
    expect(state()).toBe('closed');
  });

  it('stays so when discovery loses its backend and finds it again', () => {
    const { control, found, state } = setUp();
    found('b');
    control.openCircuit('app', 'b');
    found();
    found('b');
    expect(state('b')).toBe('open');
  });
});

describe('a circuit that has opened by itself', () => {
  it.each(['closeCircuit', 'resetCircuit'] as const)('is closed by %s', what => {
    const { breakers, control, lines, state } = setUp();
    fail(breakers.get('a'), 20, 'hard');
    control[what]('app', 'a');
    expect(state()).toBe('closed');
    expect(lines).toEqual([`the circuit of app/a is ${what === 'closeCircuit' ? 'closed' : 'reset'} by hand`]);
    // What failed before is forgotten by a reset alone.
    fail(breakers.get('a'), 1, 'soft');
  });
});

describe('the circuits of a worker', () => {
  const worker: Thread = { role: 'worker', index: 1, loads: new SharedArrayBuffer(0) };

  it('follow what is set in the main thread, and count nothing of it', () => {
    const [main, other] = [setUp(), setUp(worker)];
    main.control.onChange(() => other.control.restore(main.control.snapshot()));
    main.control.onAct(act => other.control.follow(act));
    fail(other.breakers.get('a'), 20, 'hard');
    main.control.openCircuit('app', 'a');
    vi.advanceTimersByTime(3_600_000);
    expect([main.state(), other.state()]).toEqual(['open', 'open']);
    main.control.closeCircuit('app', 'a');
    expect([main.state(), other.state()]).toEqual(['closed', 'closed']);
    fail(other.breakers.get('a'), 20, 'hard');
    main.control.resetCircuit('app', 'a');
    expect(other.state()).toBe('closed');
    expect(other.counted()).toEqual(['closed > open', 'closed > open']);
    expect(other.lines).toEqual([]);
  });
});
