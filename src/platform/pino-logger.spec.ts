import { Logger, PinoLogger } from 'nestjs-pino';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { bindPinoLogger } from './pino-logger.js';

function setup() {
  const lines: object[] = [];
  const sink = { write: (line: string) => void lines.push(JSON.parse(line) as object) };
  const logger = bindPinoLogger(pino({ level: 'trace', base: null, timestamp: false }, sink));
  return { lines, logger };
}

const changed = 'nestjs-pino: the fields that PinoLogger works by have changed';

it("nestjs-pino's logger works by the fields that are set here", () => {
  const { lines, logger } = setup();
  logger.info('plain');
  logger.setContext('Talker');
  logger.warn('text');
  logger.debug({ a: 1 }, 'object');
  logger.error(new Error('broken'));
  new Logger(logger, {}).log('of Nest', 'Router');
  expect(lines, changed).toEqual([
    { level: 30, msg: 'plain' },
    { level: 40, context: 'Talker', msg: 'text' },
    { level: 20, context: 'Talker', a: 1, msg: 'object' },
    { level: 50, context: 'Talker', err: expect.objectContaining({ message: 'broken' }), msg: 'broken' },
    { level: 30, context: 'Router', msg: 'of Nest' },
  ]);
});

it("nestjs-pino's logger writes to the pino logger that it was bound to, and does not become the logger of another caller", () => {
  const root = PinoLogger.root;
  const [one, other] = [setup(), setup()];
  one.logger.info('one');
  other.logger.info('other');
  expect([one.lines, other.lines], changed).toEqual([[{ level: 30, msg: 'one' }], [{ level: 30, msg: 'other' }]]);
  expect(PinoLogger.root, changed).toBe(root);
});
