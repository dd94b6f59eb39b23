import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KnownState, ToWorker, WorkerListener } from './messages.js';
import { Rounds, type RoundWorker } from './rounds.js';

const config = { value: { block: [] }, baseDir: '/' };
const state: KnownState = { found: [], unhealthy: [], circuits: [], settings: [], tickets: new Uint8Array() };
const web: WorkerListener = { name: 'web', url: 'http://127.0.0.1:8080', port: 8080 };

class FakeWorker implements RoundWorker {
  isListening = true;
  isDead = false;
  readings = 0;
  readonly posted: ToWorker[] = [];

  constructor(readonly index: number) {}

  get kinds(): string[] {
    return this.posted.map(({ kind }) => kind);
  }

  get round(): number {
    return this.posted.flatMap(message => (message.kind === 'prepare' ? [message.round] : [])).at(-1)!;
  }

  post(message: ToWorker): void {
    this.posted.push(message);
  }

  beginReading(): void {
    this.readings++;
  }

  endReading(): void {
    this.readings--;
  }

  async kill(): Promise<void> {
    this.isDead = true;
  }
}

function setUp(count = 3) {
  const workers = Array.from({ length: count }, (_, n) => new FakeWorker(n + 1));
  const sut = new Rounds<FakeWorker>(() => workers);
  const prepared = (worker: FakeWorker, listeners = [web], round = worker.round): void =>
    sut.heard(worker, { kind: 'prepared', round, listeners });
  const cannot = (worker: FakeWorker, message: string): void =>
    sut.heard(worker, { kind: 'cannot', round: worker.round, message });
  return { workers, sut, prepared, cannot };
}

const turn = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a configuration', () => {
  it('is taken by all when all have prepared; the others get the ports that the first has got', async () => {
    const { prepared, sut, workers } = setUp();
    const round = sut.prepare(config, { old: 1 });
    await turn();
    expect(workers.map(({ kinds }) => kinds.length)).toEqual([1, 0, 0]);
    prepared(workers[0]!);
    await turn();
    expect(workers[2]!.posted[0]).toMatchObject({ kind: 'prepare', ports: { web: 8080, old: 1 } });
    prepared(workers[1]!);
    prepared(workers[2]!);
    const { listeners } = await round;
    expect([listeners, sut.isUnderWay]).toEqual([[web], true]);
    expect(sut.commit(await round)).toEqual([]);
    for (const { kinds, readings } of workers) expect([kinds, readings]).toEqual([['prepare', 'commit'], 0]);
    expect(sut.isUnderWay).toBe(false);
  });

  it('is let go by all that were asked when one cannot take it, and the reason is that one’s', async () => {
    const { cannot, prepared, sut, workers } = setUp();
    const round = sut.prepare(config, {});
    prepared(workers[0]!);
    await turn();
    cannot(workers[2]!, 'no such file');
    await expect(round).rejects.toThrow('no such file');
    for (const { kinds, readings } of workers) expect([kinds, readings]).toEqual([['prepare', 'discard'], 0]);
    // Its answer comes late, and means nothing any more.
    prepared(workers[1]!);
    await turn();
    expect(workers[1]!.kinds).toEqual(['prepare', 'discard']);
  });

  it('asks no second worker when the first cannot take it', async () => {
    const { cannot, sut, workers } = setUp();
    const round = sut.prepare(config, {});
    cannot(workers[0]!, 'no');
    await expect(round).rejects.toThrow('no');
    expect(workers.map(({ kinds }) => kinds)).toEqual([['prepare', 'discard'], [], []]);
  });

  it('is refused when a worker dies of it', async () => {
    const { prepared, sut, workers } = setUp(2);
    const round = sut.prepare(config, {});
    prepared(workers[0]!);
    await turn();
    sut.gone(workers[1]!);
    await expect(round).rejects.toThrow('worker 2 died while it prepared');
    expect(workers[0]!.kinds).toEqual(['prepare', 'discard']);
  });

  it('is refused at once when a worker has died before it could be asked', async () => {
    const { prepared, sut, workers } = setUp(2);
    const round = sut.prepare(config, {});
    workers[1]!.isListening = false;
    sut.gone(workers[1]!);
    prepared(workers[0]!);
    await expect(round).rejects.toThrow('worker 2 died while it prepared');
    expect(workers.map(({ kinds }) => kinds)).toEqual([['prepare', 'discard'], []]);
  });

  it('is refused when a worker does not answer for a minute', async () => {
    const { prepared, sut, workers } = setUp(2);
    const round = sut.prepare(config, {});
    const refused = expect(round).rejects.toThrow('worker 2 did not answer in time');
    prepared(workers[0]!);
    await vi.advanceTimersByTimeAsync(60_000);
    await refused;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is taken without the word of any worker when none runs', async () => {
    const { sut, workers } = setUp(1);
    workers[0]!.isListening = false;
    const round = await sut.prepare(config, {});
    expect([round.listeners, sut.commit(round), workers[0]!.kinds]).toEqual([undefined, [], []]);
  });

  it('is still to be taken by workers that have begun meanwhile', async () => {
    const { prepared, sut, workers } = setUp(2);
    workers[1]!.isListening = false;
    const round = sut.prepare(config, {});
    prepared(workers[0]!);
    workers[1]!.isListening = true;
    expect(sut.commit(await round)).toEqual([workers[1]]);
    expect(workers[1]!.kinds).toEqual([]);
  });
});

describe('a worker that has begun with an older configuration', () => {
  it('takes the one in force, and then hears what it could not understand before', async () => {
    const { prepared, sut, workers } = setUp(1);
    const followed = sut.follow(workers[0]!, config, {}, () => state);
    expect(workers[0]!.readings).toBe(1);
    prepared(workers[0]!);
    expect(await followed).toEqual([web]);
    expect([workers[0]!.kinds, workers[0]!.readings]).toEqual([['prepare', 'commit', 'know'], 0]);
  });

  it('gives its place to another when it cannot', async () => {
    const { cannot, sut, workers } = setUp(1);
    const followed = sut.follow(workers[0]!, config, {}, () => state);
    cannot(workers[0]!, 'no');
    expect([await followed, workers[0]!.isDead]).toEqual([undefined, true]);
  });

  it('may be asked for a newer one meanwhile', async () => {
    const { prepared, sut, workers } = setUp(1);
    const followed = sut.follow(workers[0]!, config, {}, () => state);
    const older = workers[0]!.round;
    const round = sut.prepare(config, {});
    prepared(workers[0]!, [web], older);
    await followed;
    expect(workers[0]!.readings).toBe(1);
    prepared(workers[0]!);
    sut.commit(await round);
    expect(workers[0]!.kinds).toEqual(['prepare', 'prepare', 'commit', 'know', 'commit']);
    expect(workers[0]!.readings).toBe(0);
  });
});
