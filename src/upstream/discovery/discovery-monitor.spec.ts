import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { IsString } from 'class-validator';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { GatewayConfigModule } from '../../config/config.module.js';
import { shareUnchanged } from '../../config/live/share-unchanged.js';
import { Transition } from '../../config/live/transition.js';
import { buildUntyped } from '../../config/loading/load-config.js';
import { LogDestination } from '../../logging/destination.js';
import { LoggingModule } from '../../logging/logging.module.js';
import { MetricsModule } from '../../metrics/metrics.module.js';
import { Upstreams } from '../upstreams.js';
import { Discovery, type BackendDiscovery, type FoundBackend } from './discovery.js';
import { DiscoveryMonitor } from './discovery-monitor.js';
import { BackendDiscoveryModule } from './discovery.module.js';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

class BookOptions {
  @IsString()
  page = '';
}

/** Publishes what the test says, by the page that the upstream asks for. */
@Discovery('book', { options: BookOptions })
class Book implements BackendDiscovery {
  /** Those that are open now, by page. */
  static readonly open = new Map<string, Book>();
  #page = '';
  publish!: (backends: readonly FoundBackend[]) => void;
  failed!: (error: unknown) => void;

  configure({ page }: BookOptions): void {
    this.#page = page;
  }

  watch(publish: Book['publish'], signal: AbortSignal, failed: Book['failed']): void {
    Object.assign(this, { publish, failed });
    Book.open.set(this.#page, this);
    signal.addEventListener('abort', () => Book.open.delete(this.#page));
  }
}

/** Finds its backends as soon as it begins. */
@Discovery('prompt')
class Prompt implements BackendDiscovery {
  watch(publish: Book['publish']): void {
    publish([{ url: 'http://prompt:1' }]);
  }
}

@Module({ providers: [Book, Prompt] })
class Library {}

const book = (page: string) => ({ discovery: { name: 'book', page } });
const url = (host: string) => ({ url: `http://${host}:1` });

async function setUp(upstreams: object, others: object = {}) {
  Book.open.clear();
  let text = '';
  const writeNow = (chunk: Buffer): void => void (text += chunk.toString());
  const load = (next: object) => buildUntyped({ upstreams: next, routes: [], ...others });
  let config = load(upstreams);
  const module = await Test.createTestingModule({
    imports: [
      GatewayConfigModule.forRoot(config),
      LoggingModule.forRoot(config.logging, { write: (chunk, done) => (writeNow(chunk), done()), writeNow }),
      MetricsModule.forRoot({ buckets: [1], processMetrics: false }),
      BackendDiscoveryModule,
      Library,
    ],
  }).compile();
  onTestFinished(() => module.close());
  const monitor = module.get(DiscoveryMonitor);
  const all = module.get(Upstreams, { strict: false });
  return {
    module,
    monitor,
    init: () => module.init(),
    ids: (name = 'app') => all.get(name).backends.map(({ id }) => id),
    lines: async () => {
      await module.get(LogDestination).flush();
      const lines = text.split('\n').filter(line => line !== '');
      return lines.map(line => JSON.parse(line) as Record<string, unknown>);
    },
    scrape: async () =>
      (await module.get(Registry).metrics()).split('\n').filter(line => line.startsWith('gatehouse_discovery_')),
    change: async (next: object) => {
      const transition = new Transition(config, shareUnchanged(load(next), config));
      all.prepare(transition);
      await monitor.prepare(transition);
      transition.commit();
      config = transition.to;
    },
  };
}
const never = new AbortController().signal;

describe('the discovery of an upstream', () => {
  it('begins when it is started, and not before', async () => {
    const { ids, init, monitor } = await setUp({ app: book('one') });
    await init();
    expect([...Book.open.keys()]).toEqual([]);
    monitor.start();
    expect([[...Book.open.keys()], ids()]).toEqual([['one'], []]);
    Book.open.get('one')!.publish([url('a'), url('b')]);
    expect(ids()).toEqual(['a:1', 'b:1']);
  });

  it('tells in the log what it finds, when it begins to fail, and when it works again', async () => {
    const { ids, init, lines, monitor, scrape } = await setUp({ app: book('one') });
    await init();
    monitor.start();
    const { failed, publish } = Book.open.get('one')!;
    publish([url('a'), url('b')]);
    failed(new Error('out of print'));
    failed(new Error('out of print still'));
    publish([url('a'), { url: 'nonsense' }]);
    expect(ids()).toEqual(['a:1', 'b:1']);
    expect(await scrape()).toEqual([
      'gatehouse_discovery_backends{upstream="app"} 2',
      'gatehouse_discovery_failing{upstream="app"} 1',
      'gatehouse_discovery_failures_total{upstream="app"} 3',
    ]);
    publish([url('a'), url('b')]);
    publish([url('b'), url('c')]);
    expect(await lines()).toMatchObject([
      { level: 30, upstream: 'app', backends: 2, added: 2, removed: 0, msg: 'backends found' },
      {
        level: 40,
        upstream: 'app',
        reason: 'out of print',
        msg: 'discovery fails: the backends that were found last stay',
      },
      { level: 30, upstream: 'app', msg: 'discovery works again' },
      { level: 30, upstream: 'app', backends: 2, added: 1, removed: 1, msg: 'backends found' },
    ]);
  });

  it.each([
    [
      'an unknown name',
      { discovery: 'boook' },
      'upstreams.app.discovery: no discovery is named "boook", known are book, dns, file, prompt (did you mean "book"?)',
    ],
    [
      'options that it does not have',
      { discovery: { name: 'book', pages: 5 } },
      'upstreams.app.discovery.pages: unknown option (did you mean "page"?)',
    ],
  ])('stops the start with %s', async (_, app, message) => {
    const { init } = await setUp({ app });
    await expect(init()).rejects.toThrow(message);
  });

  it('may not find the gateway itself', async () => {
    const { ids, init, lines, monitor } = await setUp(
      { app: book('one') },
      { listeners: [{ port: 8080 }, { unix: '/run/gw.sock' }], admin: { port: 9901 } },
    );
    await init();
    monitor.start();
    for (const own of ['http://127.0.0.1:8080', 'http://127.0.0.1:9901', 'unix:/run/gw.sock'])
      Book.open.get('one')!.publish([{ url: own }]);
    expect(ids()).toEqual([]);
    expect(await lines()).toMatchObject([
      { reason: expect.stringMatching(/^127.0.0.1:8080: a listener of this gateway/) },
    ]);
    Book.open.get('one')!.publish([{ url: 'http://127.0.0.2:8080' }, { url: 'unix:/run/other.sock' }]);
    expect(ids()).toEqual([]);
    Book.open.get('one')!.publish([{ url: 'http://127.0.0.1:8081' }, { url: 'unix:/run/other.sock' }]);
    expect(ids()).toEqual(['127.0.0.1:8081', '/run/other.sock']);
  });
});

describe('the start', () => {
  /** Whether the first backends are there. */
  const waitFor = (monitor: DiscoveryMonitor, signal = never) => {
    const state = { isOver: false };
    void monitor.firstFound(2_000, signal).then(() => (state.isOver = true));
    return async (milliseconds = 0) => {
      await vi.advanceTimersByTimeAsync(milliseconds);
      return state.isOver;
    };
  };

  it('waits for the first backends of all upstreams', async () => {
    const { init, monitor } = await setUp({ app: book('one'), other: book('two'), prompt: { discovery: 'prompt' } });
    await init();
    monitor.start();
    const isOver = waitFor(monitor);
    Book.open.get('one')!.publish([url('a')]);
    expect(await isOver()).toBe(false);
    Book.open.get('two')!.publish([]);
    expect(await isOver()).toBe(true);
  });

  it('does not wait longer than it may, nor when the gateway ends', async () => {
    const { init, lines, monitor } = await setUp({ app: book('one'), prompt: { discovery: 'prompt' } });
    await init();
    monitor.start();
    const isOver = waitFor(monitor);
    expect(await isOver(1_999)).toBe(false);
    expect(await isOver(1)).toBe(true);
    expect((await lines()).at(-1)).toMatchObject({
      level: 40,
      upstreams: ['app'],
      msg: 'no backends were found in time: starting without them',
    });
    const abort = new AbortController();
    const isEnded = waitFor(monitor, abort.signal);
    abort.abort();
    expect(await isEnded()).toBe(true);
  });

  it('does not wait where nothing is to be found', async () => {
    const { init, monitor } = await setUp({ app: { backends: ['http://a'] } });
    await init();
    monitor.start();
    expect(await waitFor(monitor)()).toBe(true);
  });
});

describe('another configuration', () => {
  it('leaves a discovery alone that does not change', async () => {
    const { change, ids, init, monitor } = await setUp({ app: book('one') });
    await init();
    monitor.start();
    const open = Book.open.get('one')!;
    open.publish([url('a')]);
    await change({ app: { ...book('one'), backends: ['http://fix:1'] } });
    expect([Book.open.get('one') === open, ids()]).toEqual([true, ['fix:1', 'a:1']]);
    open.publish([url('b')]);
    expect(ids()).toEqual(['fix:1', 'b:1']);
  });

  it('keeps what was found until another discovery finds something', async () => {
    const { change, ids, init, lines, monitor } = await setUp({ app: book('one') });
    await init();
    monitor.start();
    const old = Book.open.get('one')!;
    old.publish([url('a')]);
    old.failed(new Error('torn'));
    await change({ app: book('two') });
    old.publish([url('late')]);
    expect([[...Book.open.keys()], ids()]).toEqual([['two'], ['a:1']]);
    Book.open.get('two')!.failed(new Error('lost'));
    expect((await lines()).map(({ reason }) => reason)).toEqual([undefined, 'torn', 'lost']);
    Book.open.get('two')!.publish([url('b')]);
    expect(ids()).toEqual(['b:1']);
    await change({ app: { discovery: 'prompt' } });
    expect([ids(), Book.open.size]).toEqual([['prompt:1'], 0]);
  });

  it('ends a discovery that is gone, with what it has found and its metrics', async () => {
    const { change, ids, init, monitor, scrape } = await setUp({ app: book('one'), other: book('two') });
    await init();
    monitor.start();
    for (const each of Book.open.values()) each.publish([url('a')]);
    await change({ app: { backends: ['http://fix:1'] } });
    expect([Book.open.size, ids(), await scrape()]).toEqual([0, ['fix:1'], []]);
    await change({ app: book('three') });
    expect([[...Book.open.keys()], ids()]).toEqual([['three'], []]);
  });

  it('that names an unknown discovery changes nothing', async () => {
    const { change, ids, init, monitor } = await setUp({ app: book('one') });
    await init();
    monitor.start();
    Book.open.get('one')!.publish([url('a')]);
    await expect(change({ app: { discovery: 'none' } })).rejects.toThrow('no discovery is named "none"');
    expect([[...Book.open.keys()], ids()]).toEqual([['one'], ['a:1']]);
  });
});

it('the end ends all of it, and what was found stays', async () => {
  const { ids, init, module, monitor } = await setUp({ app: book('one'), other: book('two') });
  await init();
  monitor.start();
  const { publish } = Book.open.get('one')!;
  publish([url('a')]);
  await module.close();
  publish([url('b')]);
  expect([Book.open.size, ids()]).toEqual([0, ['a:1']]);
  monitor.start();
  expect(Book.open.size).toBe(0);
});
