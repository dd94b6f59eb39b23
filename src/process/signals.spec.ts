import { EventEmitter } from 'node:events';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { Signals } from './signals.js';

function setUp({ attached = true, terminal = [false] } = {}) {
  const source = new EventEmitter();
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null }, { write: line => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  const happened = { stops: 0, exits: [] as number[] };
  const answers = [...terminal];
  const process = {
    on: source.on.bind(source),
    exit: (code: number) => void happened.exits.push(code),
  };
  const sut = new Signals(process, () => answers.shift() ?? false);
  const attach = (): void => sut.attach(log, () => void happened.stops++);
  if (attached) attach();
  return { sut, attach, lines, happened, send: (signal: string) => void source.emit(signal) };
}

describe('a signal to a running gateway', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'])('%s lets it finish what it does, and says so', signal => {
    const { lines, happened, send } = setUp();
    send(signal);
    expect(happened).toEqual({ stops: 1, exits: [] });
    expect(lines).toMatchObject([{ level: 30, signal, msg: 'ending' }]);
  });

  it.each([
    ['SIGTERM', 'SIGTERM', 143],
    ['SIGQUIT', 'SIGQUIT', 131],
    ['SIGQUIT', 'SIGINT', 130],
  ])('%s and then %s ends it at once', (first, second, code) => {
    const { happened, send } = setUp();
    send(first);
    send(second);
    expect(happened).toEqual({ stops: 1, exits: [code] });
  });

  it.each(['SIGHUP', 'SIGUSR1', 'SIGUSR2'])('%s is logged and does nothing, also while it drains', signal => {
    const { lines, happened, send } = setUp();
    send(signal);
    send('SIGTERM');
    send(signal);
    expect(happened).toEqual({ stops: 1, exits: [] });
    expect(lines.map(line => [line['level'], line['signal']])).toEqual([
      [40, signal],
      [30, 'SIGTERM'],
      [40, signal],
    ]);
  });

  it('SIGUSR1 opens the files of the log again, where there are any', () => {
    const { sut, lines, send } = setUp({ attached: false });
    const log = pino({ base: null }, { write: line => void lines.push(JSON.parse(line) as Record<string, unknown>) });
    let files = 1;
    sut.attach(
      log,
      () => {},
      undefined,
      () => files-- > 0,
    );
    send('SIGUSR1');
    expect(lines).toEqual([]);
    send('SIGUSR1');
    expect(lines).toMatchObject([{ level: 40, signal: 'SIGUSR1' }]);
  });

  it('that would end other programs is not lost when it comes while the gateway is made', () => {
    const { attach, lines, happened, send } = setUp({ attached: false });
    send('SIGHUP');
    attach();
    expect(happened).toEqual({ stops: 0, exits: [] });
    expect(lines).toMatchObject([{ signal: 'SIGHUP', msg: expect.stringContaining('ignored') as string }]);
  });

  it('SIGHUP ends it when the terminal that it was started at is closed', () => {
    const closed = setUp({ terminal: [true, false] });
    closed.send('SIGHUP');
    expect(closed.happened.stops).toBe(1);
    const open = setUp({ terminal: [true, true] });
    open.send('SIGHUP');
    expect(open.happened.stops).toBe(0);
  });

  it('ends it at once after a failure of the program', () => {
    const { sut, happened, send } = setUp();
    expect([sut.beginEnd(), sut.beginEnd()]).toEqual([true, false]);
    send('SIGTERM');
    expect(happened).toEqual({ stops: 0, exits: [143] });
  });
});
