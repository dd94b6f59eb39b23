import { expect, it } from 'vitest';
import { LogLook } from './log-look.js';

type Settings = ConstructorParameters<typeof LogLook>[0];

function look(settings: Partial<Settings> = {}, isStdout = true, isTerminal = true, env = {}) {
  const all: Settings = { time: 'epoch', access: { file: '' }, ...settings };
  const sut = new LogLook(all, isStdout, () => isTerminal, env);
  return { sut, all, access: sut.ofAccess(all) };
}

it('is for people, in colour, at a terminal, and JSON elsewhere', () => {
  expect(look().access).toEqual({ format: 'pretty', isColored: true, isoTime: false });
  expect(look().sut.formatLine).toBeDefined();
  for (const { access, sut } of [look({}, true, false), look({}, false)])
    expect([access, sut.formatLine]).toEqual([{ format: 'json', isColored: false, isoTime: false }, undefined]);
});

it('is what the configuration says, where it says it', () => {
  expect(look({ format: 'json' }).access.format).toBe('json');
  expect(look({ format: 'pretty' }, false).access).toMatchObject({ format: 'pretty', isColored: false });
  expect(look({ access: { file: '', format: 'combined' } }).access.format).toBe('combined');
  expect(look({ time: 'iso' }).access.isoTime).toBe(true);
});

it('has no colours where NO_COLOR is set, and none in a file, which is JSON also beside a terminal', () => {
  expect(look({}, true, true, { NO_COLOR: '1' }).access).toMatchObject({ format: 'pretty', isColored: false });
  expect(look({ access: { file: '/x' } }).access).toMatchObject({ format: 'json', isColored: false });
  expect(look({ access: { file: '/x', format: 'pretty' } }).access).toMatchObject({
    format: 'pretty',
    isColored: false,
  });
});

it('can be another one from then on', () => {
  const { all, sut } = look();
  sut.use({ ...all, format: 'json', time: 'iso' });
  expect([sut.formatLine, sut.isoTime]).toEqual([undefined, true]);
});
