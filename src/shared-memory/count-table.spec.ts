import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { CountTable, type CountSpace } from './count-table.js';

const keys = (count: number): string[] => Array.from({ length: count }, (_, index) => `key ${index}`);

/** The same namespace of one table, as several threads see it. */
function threads(count: number, cells = 64) {
  const memory = CountTable.allocate({ cells, threads: count });
  const tables = Array.from({ length: count }, (_, column) => new CountTable(memory, column));
  return { memory, tables, spaces: tables.map(table => table.space('limit')) };
}

const steps = ['load', 'store', 'add', 'sub', 'compareExchange'] as const;
type Step = (...args: unknown[]) => unknown;
const originals = steps.map(name => Reflect.get(Atomics, name) as Step);
const plainly = (): void => steps.forEach((name, index) => void Reflect.set(Atomics, name, originals[index]));
afterEach(plainly);

/** Calls `before` in front of each step that other threads may see. */
function beforeEachStep(before: () => void): void {
  steps.forEach((name, index) => {
    const stepping: Step = (...args) => {
      before();
      return Reflect.apply(originals[index]!, Atomics, args);
    };
    Reflect.set(Atomics, name, stepping);
  });
}

/** Runs `action`, and `interrupt` in the middle of it: in front of its step `at`. False: it has fewer steps. */
function interrupted(at: number, action: () => void, interrupt: () => void): boolean {
  let step = 0;
  beforeEachStep(() => {
    if (step++ !== at) return;
    plainly();
    interrupt();
  });
  try {
    action();
  } catch (error) {
    if (error !== died) throw error;
  }
  plainly();
  return step > at;
}

const died = new Error('the thread has died');
const die = (): never => {
  throw died;
};

describe('CountTable', () => {
  it('counts a key up to its limit over all threads, and again when one has left', () => {
    const { spaces } = threads(3);
    const [one, two, three] = spaces as [CountSpace, CountSpace, CountSpace];
    const first = one.enter('a', 3);
    expect([two.enter('a', 3), three.enter('a', 3), one.enter('a', 3)].map(entered => entered >= 0)).toEqual([
      true,
      true,
      false,
    ]);
    expect([two.enter('a', 3), two.enter('b', 3)].map(entered => entered >= 0)).toEqual([false, true]);
    one.leave(first);
    expect([three.enter('a', 3) >= 0, one.enter('a', 3) >= 0, two.count('a')]).toEqual([true, false, 3]);
  });

  it('counts what has no limit, also above the limit of others', () => {
    const { spaces } = threads(2);
    const [one, two] = spaces as [CountSpace, CountSpace];
    const entered = keys(5).map(() => one.enter('a'));
    expect([two.count('a'), two.enter('a', 5), two.enter('a', 6) >= 0]).toEqual([5, -1, true]);
    entered.forEach(cell => one.leave(cell));
    expect(one.count('a')).toBe(1);
  });

  it('counts each namespace for itself', () => {
    const { tables } = threads(1);
    const [one, other] = [tables[0]!.space('one'), tables[0]!.space('other')];
    expect([one.enter('a', 1) >= 0, one.enter('a', 1), other.enter('a', 1) >= 0]).toEqual([true, -1, true]);
    expect([tables[0]!.space('one').count('a'), other.count('b')]).toEqual([1, 0]);
  });

  it('uses the cells of keys that have nothing in flight for others', () => {
    const { spaces } = threads(2, 16);
    for (const key of keys(1000)) {
      const [one, two] = spaces.map(space => space.enter(key, 2));
      expect([one! < 16, two, spaces[0]!.enter(key, 2)]).toEqual([true, one, -1]);
      spaces.forEach(space => space.leave(one!));
    }
  });

  it('counts what finds no cell in the memory of each thread, until it has left', () => {
    const { spaces } = threads(2, 16);
    const [one, two] = spaces as [CountSpace, CountSpace];
    const shared = keys(15).map(key => one.enter(key, 1));
    const entered = [one.enter('more', 2), one.enter('more', 2)];
    expect([one.enter('more', 2), one.count('more'), two.count('more')]).toEqual([-1, 2, 0]);
    expect(two.enter('more', 2)).toBeGreaterThanOrEqual(0);
    // A cell is free again, and what this thread has counted is not forgotten.
    shared.forEach(cell => one.leave(cell));
    expect(one.enter('more', 2)).toBe(-1);
    entered.forEach(cell => one.leave(cell));
    const next = one.enter('more', 2);
    expect([one.count('more'), two.count('more'), next < 16]).toEqual([1, 2, true]);
  });

  it('remembers no key that is not in flight, also without a cell', () => {
    const { spaces } = threads(1, 16);
    const [space] = spaces as [CountSpace];
    keys(15).forEach(key => space.enter(key));
    const most = Array.from({ length: 1000 }, (_, index) => {
      const entered = [space.enter(`more ${index}`, 2), space.enter(`other ${index}`, 2)];
      entered.forEach(one => space.leave(one));
      return Math.max(...entered);
    });
    expect(Math.max(...most)).toBe(17);
  });

  it('forgets what a dead thread had in flight, and nothing else', () => {
    const { tables, spaces, memory } = threads(2, 1024);
    const [one, two] = spaces as [CountSpace, CountSpace];
    for (const key of keys(100)) [one, two, two].forEach(space => space.enter(key));
    tables[0]!.forget(1);
    expect(keys(100).every(key => one.count(key) === 1)).toBe(true);
    const next = new CountTable(memory, 1).space('limit');
    expect([next.enter('key 1', 2) >= 0, next.enter('key 1', 2)]).toEqual([true, -1]);
  });

  it.each(['that is new', 'in the cell of another key', 'in its own cell'])(
    'is right when a thread dies in the middle of anything: a key %s',
    where => {
      for (let at = 0, isMiddle = true; isMiddle; at++) {
        const { tables, spaces, memory } = threads(2, 16);
        const [one, two] = spaces as [CountSpace, CountSpace];
        const mine = where.startsWith('in its own') ? one.enter('a', 3) : undefined;
        if (where.startsWith('in the cell')) keys(15).forEach(key => one.leave(one.enter(key)));
        isMiddle = interrupted(at, () => two.leave(two.enter('a', 3)), die);
        // Others go on before it is forgotten.
        const entered = one.enter('a', 3);
        expect(entered).toBeGreaterThanOrEqual(0);
        tables[0]!.forget(1);
        expect(one.count('a')).toBe(mine === undefined ? 1 : 2);
        [entered, mine].forEach(cell => cell !== undefined && one.leave(cell));
        const next = new CountTable(memory, 1).space('limit');
        const cells = keys(15).map(key => next.enter(key, 1));
        expect(new Set(cells).size).toBe(15);
        expect(Math.max(...cells)).toBeLessThan(16);
      }
    },
  );

  it('keeps the limit of a key while another thread claims its cell', () => {
    for (let first = 0, isMiddle = true; isMiddle; first++) {
      isMiddle = false;
      for (let then = first + 1; then < first + 12; then++) {
        const { spaces } = threads(3, 16);
        const [one, two, three] = spaces as [CountSpace, CountSpace, CountSpace];
        const cell = leftBy(one, 'a');
        // Both keys want the same cell, and `a` has it.
        const other = keys(1000).find(key => leftBy(one, key) === cell)!;
        expect(leftBy(one, 'a')).toBe(cell);
        const entered: number[] = [];
        let step = 0;
        beforeEachStep(() => {
          const by = step === first ? two : step === then ? three : undefined;
          step++;
          if (by === undefined) return;
          const at = step;
          step = Infinity;
          entered.push(by.enter('a', 1));
          step = at;
        });
        expect(one.enter(other, 1)).toBeGreaterThanOrEqual(0);
        plainly();
        isMiddle ||= step > first;
        if (step > then) expect(entered.filter(space => space >= 0).length).toBe(1);
        expect([one.count('a'), one.count(other)]).toEqual([Math.min(1, entered.length), 1]);
      }
    }
  });

  it('never exceeds a limit, and waits for no thread, however threads interrupt each other and die', () => {
    const operation = fc.record({ thread: fc.nat(2), key: fc.nat(3) });
    const goesOn = { weight: 16, arbitrary: fc.constant('goes on' as const) };
    const isInterrupted = { weight: 4, arbitrary: fc.constant('is interrupted' as const) };
    const dies = { weight: 1, arbitrary: fc.constant('dies' as const) };
    const schedule = fc.array(fc.oneof(goesOn, isInterrupted, dies), { minLength: 200, maxLength: 500 });
    const free = fc.integer({ min: 2, max: 3 });
    fc.assert(
      fc.property(
        fc.array(operation, { minLength: 50, maxLength: 200 }),
        schedule,
        free,
        (operations, fates, cells) => {
          // A run that has failed may have left its steps behind.
          plainly();
          const scene = new Scene(cells);
          const waiting = [...operations];
          let step = 0;
          beforeEachStep(() => {
            const fate = fates[step++ % fates.length]!;
            if (fate === 'dies' && scene.isMortal) die();
            const [next] = fate === 'is interrupted' && scene.hasIdle ? waiting.splice(0, 1) : [];
            if (next !== undefined) scene.run(next.thread, next.key);
          });
          for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
            scene.run(next.thread, next.key);
          }
          plainly();
          scene.leaveAll();
        },
      ),
      { numRuns: 120 },
    );
  });

  it('refuses memory that is none of its own, and columns that it does not have', () => {
    expect(() => new CountTable(new SharedArrayBuffer(8), 0)).toThrow(TypeError);
    expect(() => new CountTable(new SharedArrayBuffer(1000), 0)).toThrow('not the memory of a count table');
    const memory = CountTable.allocate({ cells: 16, threads: 2 });
    expect(() => new CountTable(memory, 2)).toThrow('columns 0 to 1');
    expect(() => CountTable.allocate({ cells: 1000, threads: 2 })).toThrow(RangeError);
    expect(() => CountTable.allocate({ threads: 65 })).toThrow(RangeError);
  });
});

/** Enters and leaves; gives the cell. */
function leftBy(space: CountSpace, key: string): number {
  const cell = space.enter(key);
  space.leave(cell);
  return cell;
}

/** Three threads, and few cells (`free`) that are left for the four keys for which they enter and leave. */
class Scene {
  /** The thread that runs now may die. */
  isMortal = false;
  readonly #held: { readonly thread: number; readonly key: string; readonly cell: number }[] = [];
  readonly #busy = new Set<number>();
  readonly #memory = CountTable.allocate({ cells: 16, threads: 4 });
  readonly #main = new CountTable(this.#memory, 3);
  readonly #spaces = keys(3).map((_, column) => new CountTable(this.#memory, column).space('limit'));

  constructor(private readonly free: number) {
    keys(15 - free).forEach(key => this.#main.space('others').enter(key));
  }

  get hasIdle(): boolean {
    return this.#busy.size < this.#spaces.length;
  }

  /** A thread (`first`, or the next that is idle) enters, or leaves when it has entered before. It stands still while others interrupt it. */
  run(first: number, number: number): void {
    let thread = first;
    while (this.#busy.has(thread)) thread = (thread + 1) % this.#spaces.length;
    this.#busy.add(thread);
    const wasMortal = this.isMortal;
    this.isMortal = true;
    try {
      this.#step(thread, `key ${number}`, 1 + (number % 2));
    } catch (error) {
      if (error !== died) throw error;
      this.isMortal = false;
      this.#bury(thread);
    }
    this.isMortal = wasMortal;
    this.#busy.delete(thread);
  }

  leaveAll(): void {
    for (const { key } of this.#held) {
      expect(this.#spaces[0]!.count(key)).toBe(this.#held.filter(one => one.key === key).length);
    }
    for (const { thread, cell } of this.#held) this.#spaces[thread]!.leave(cell);
    const cells = keys(this.free).map(key => this.#spaces[0]!.enter(key, 1));
    expect([new Set(cells).size, cells.every(cell => cell >= 0 && cell < 16)]).toEqual([this.free, true]);
  }

  #step(thread: number, key: string, limit: number): void {
    const space = this.#spaces[thread]!;
    const own = this.#held.findIndex(one => one.thread === thread && one.key === key);
    if (own !== -1) return space.leave(this.#held.splice(own, 1)[0]!.cell);
    const cell = space.enter(key, limit);
    if (cell >= 16) return space.leave(cell);
    if (cell < 0) return;
    this.#held.push({ thread, key, cell });
    expect(this.#held.filter(one => one.key === key).length).toBeLessThanOrEqual(limit);
  }

  #bury(thread: number): void {
    for (let i = this.#held.length - 1; i >= 0; i--) if (this.#held[i]!.thread === thread) this.#held.splice(i, 1);
    this.#main.forget(thread);
    this.#spaces[thread] = new CountTable(this.#memory, thread).space('limit');
  }
}
