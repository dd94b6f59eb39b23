import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Audit, type AuditedRequest } from './audit.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const drained = { action: 'drain', status: 200, by: '192.0.2.1' } as AuditedRequest;

function setUp() {
  const lines: [level: string, fields: object, msg: string][] = [];
  const log = {
    info: (fields: object, msg: string) => void lines.push(['info', fields, msg]),
    warn: (fields: object, msg: string) => void lines.push(['warn', fields, msg]),
  };
  return { audit: new Audit(log as never), lines };
}

it('writes changes at info and refusals at warn, all with one message', () => {
  const { audit, lines } = setUp();
  audit.note(drained);
  audit.note({ ...drained, status: 401 });
  expect(lines.map(([level, , msg]) => [level, msg])).toEqual([
    ['info', 'audit'],
    ['warn', 'audit'],
  ]);
});

it('counts a flood of refusals, and still writes what is changed', () => {
  const { audit, lines } = setUp();
  for (let count = 0; count < 1_000; count++) audit.note({ ...drained, status: 401 });
  audit.note(drained);
  expect(lines).toHaveLength(31);
  vi.advanceTimersByTime(60_000);
  audit.note({ ...drained, status: 403 });
  expect(lines.slice(31)).toEqual([
    ['warn', { refused: 970 }, 'audit: more refusals'],
    ['warn', { ...drained, status: 403 }, 'audit'],
  ]);
});
