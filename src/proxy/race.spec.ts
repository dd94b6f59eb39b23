import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Race, type Racer } from './race.js';

class Runner implements Racer {
  givenUp = 0;

  giveUp(): void {
    this.givenUp++;
  }
}

describe('a race of two attempts', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  const setOff = (): { race: Race<Runner>; hedge: ReturnType<typeof vi.fn>; first: Runner; second: Runner } => {
    const hedge = vi.fn<(race: Race<Runner>) => void>();
    const race = new Race<Runner>(50, { hedge });
    const first = new Runner();
    race.enter(first);
    return { race, hedge, first, second: new Runner() };
  };

  it('begins with one, and asks for the second once, after its time', () => {
    const { race, hedge } = setOff();
    vi.advanceTimersByTime(49);
    expect(hedge).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1000);
    expect(hedge.mock.calls).toEqual([[race]]);
  });

  it('asks for no second when the first has answered, ended or been given up before', () => {
    const ends: ((race: Race<Runner>, first: Runner) => unknown)[] = [
      (race, first) => race.won(first),
      (race, first) => race.lost(first),
      race => race.giveUp(),
    ];
    for (const end of ends) {
      const { race, hedge, first } = setOff();
      end(race, first);
      vi.advanceTimersByTime(1000);
      expect(hedge).not.toHaveBeenCalled();
    }
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up the other one when one has won, and only that', () => {
    const { race, first, second } = setOff();
    race.enter(second);
    race.won(second);
    expect([first.givenUp, second.givenUp]).toEqual([1, 0]);
    expect(race.running).toEqual([second]);
    race.won(second);
    expect([first.givenUp, second.givenUp]).toEqual([1, 0]);
  });

  it('leaves the decision to the one that is still running', () => {
    const { race, first, second } = setOff();
    race.enter(second);
    expect(race.lost(first)).toBe(true);
    expect(race.lost(second)).toBe(false);
    expect([first.givenUp, second.givenUp]).toEqual([0, 0]);
  });

  it('gives up both when the client has gone, each once, also when that makes them leave', () => {
    const { race, first, second } = setOff();
    race.enter(second);
    race.giveUp();
    race.giveUp();
    expect([first.givenUp, second.givenUp, race.running.length]).toEqual([1, 1, 0]);
  });

  it('lets the first go on when the second could not be started', () => {
    const { race, first, hedge } = setOff();
    vi.advanceTimersByTime(50);
    expect(hedge).toHaveBeenCalledOnce();
    expect(race.lost(first)).toBe(false);
  });
});
