import { Inject, Injectable } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { Logger, PinoLogger } from 'nestjs-pino';
import type { Logger as Pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exchangeRecord } from '../../test/support/exchange-record.js';
import { AccessLog } from './access-log.js';
import { LogDestination } from './destination.js';
import { LoggingModule, PINO, type LoggingSettings } from './logging.module.js';
import { prettyFormat } from './pretty.js';
import type { Sink } from './sink.js';

@Injectable()
class Talker {
  constructor(
    readonly pino: PinoLogger,
    @Inject(PINO) readonly root: Pino,
  ) {}
}

const access = {
  enabled: true,
  sample: 1,
  exclude: [],
  redact: [],
  fields: new Map(),
  only: [],
  maskAddress: 32,
  file: '',
};

async function setup(changes: Partial<LoggingSettings> = {}) {
  let text = '';
  const sink: Sink = {
    write: (chunk, done) => {
      text += chunk.toString();
      done();
    },
    writeNow: chunk => void (text += chunk.toString()),
  };
  const settings: LoggingSettings = {
    level: 'info',
    format: 'json',
    time: 'epoch',
    access,
    ...changes,
  };
  const module: TestingModule = await Test.createTestingModule({
    imports: [LoggingModule.forRoot(settings, sink)],
    providers: [Talker],
  }).compile();
  onTestFinished(() => module.close());
  const logged = async (): Promise<string> => {
    await module.get(LogDestination).flush();
    return text;
  };
  return { module, logger: module.get(Logger), logged, text: () => text };
}

describe('the application log', () => {
  it("writes Nest's lines as JSON with context and level", async () => {
    const { logger, logged } = await setup();
    logger.warn('careful', 'Listener');
    logger.debug('not at level info', 'Listener');
    const { time, ...line } = JSON.parse(await logged()) as Record<string, unknown>;
    expect(line).toEqual({ level: 40, context: 'Listener', msg: 'careful' });
    expect(time).toBeTypeOf('number');
  });

  it('keeps the logs of two gateways in one process apart', async () => {
    const first = await setup();
    const second = await setup();
    second.logger.log('second', 'X');
    first.logger.log('first', 'X');
    expect(await first.logged()).toMatch(/^[^\n]*"msg":"first"}\n$/);
    expect(await second.logged()).toMatch(/^[^\n]*"msg":"second"}\n$/);
  });

  it('gives each class a PinoLogger of its own', async () => {
    const { module, logged } = await setup();
    const talker = await module.resolve(Talker);
    talker.pino.setContext('Talker');
    talker.pino.info({ backend: 'a' }, 'probe failed');
    talker.root.info('plain');
    const [one, two] = (await logged()).split('\n').map(line => (line === '' ? {} : (JSON.parse(line) as object)));
    expect(one).toMatchObject({ context: 'Talker', backend: 'a', msg: 'probe failed' });
    expect(two).not.toHaveProperty('context');
  });

  it('writes a fatal line at once', async () => {
    let text = '';
    const sink: Sink = { write: () => undefined, writeNow: chunk => void (text += chunk.toString()) };
    const imports = [LoggingModule.forRoot({ level: 'info', format: 'json', time: 'epoch', access }, sink)];
    const module = await Test.createTestingModule({ imports }).compile();
    module.get<Pino>(PINO).fatal('the end');
    expect(text).toContain('"msg":"the end"');
    await module.get(LogDestination).close();
  });

  it('shows an error with its stack', async () => {
    const { logger, logged } = await setup();
    logger.error(new Error('broken'), 'X');
    expect(JSON.parse(await logged())).toMatchObject({
      level: 50,
      err: { type: 'Error', message: 'broken', stack: expect.stringContaining('logging.module.spec') },
    });
  });

  it.each(['json', 'pretty'] as const)('lets no control character of a value through in format %s', async format => {
    const { module, logged } = await setup({ format });
    const evil = 'a\x1b[2J\nb\x9b31m\u202e\x7f';
    module.get<Pino>(PINO).info({ host: evil }, evil);
    const colours = /\x1b\[\d+m/g;
    const text = await logged();
    expect(text.replace(colours, '')).toMatch(/^[\x20-\x7e]+\n$/);
    expect(text).toContain('\\u009b31m');
  });

  it.each(['json', 'pretty'] as const)('lets no control character of a request through in format %s', async format => {
    const { module, logged } = await setup({ format });
    const evil = '/a\x1b[2J\nb\x9b31m\u202e\x7f';
    module.get(AccessLog).write({ ...exchangeRecord(), id: evil, host: evil, path: evil, errorReason: evil });
    const text = await logged();
    expect(text.replace(/\x1b\[\d+m/g, '')).toMatch(/^[\x20-\x7e→]+\n$/);
    expect(text).toContain('/a\\u001b[2J');
  });

  it('shows a line for people in format pretty', async () => {
    const { module, logged } = await setup({ format: 'pretty' });
    module.get<Pino>(PINO).info({ listener: 'web' }, 'listening');
    expect((await logged()).replace(/\x1b\[\d+m/g, '')).toMatch(
      /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: listening \{"listener":"web"\}\n$/,
    );
  });

  it('tells the time as asked for, in lines of the application and of exchanges', async () => {
    const { module, logged } = await setup({ time: 'iso' });
    module.get<Pino>(PINO).info('hello');
    module.get(AccessLog).write(exchangeRecord());
    const times = (await logged())
      .trim()
      .split('\n')
      .map(line => (JSON.parse(line) as { readonly time: unknown }).time);
    const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
    expect(times).toEqual([iso, iso]);
  });

  it('has a line for people for each exchange in format pretty, unless access lines have a format of their own', async () => {
    const pretty = await setup({ format: 'pretty' });
    pretty.module.get(AccessLog).write(exchangeRecord());
    expect(await pretty.logged()).toMatch(/^\d\d:\d\d:\d\d GET 200 \/orders\/7 63ms → orders a\n$/);
    const mixed = await setup({ format: 'pretty', access: { ...access, format: 'json' } });
    mixed.module.get(AccessLog).write(exchangeRecord());
    expect(JSON.parse(await mixed.logged())).toMatchObject({ status: 200, msg: 'exchange' });
  });

  it('is written to the end when the application shuts down', async () => {
    const { module, logger, text } = await setup();
    logger.log('bye', 'X');
    expect(text()).toBe('');
    await module.close();
    expect(text()).toContain('"msg":"bye"');
    logger.log('after all', 'X');
    expect(text()).toContain('"msg":"after all"');
  });
});

describe('the pretty format', () => {
  it('has one line for an exchange with an error', () => {
    const line =
      '{"level":30,"time":1,"status":502,"error":"CONNECT_FAILED","reason":"ECONNREFUSED","msg":"exchange"}\n';
    expect(prettyFormat(false)(line)).toMatch(
      /^\[[\d:.]+\] INFO: exchange \{"status":502,"error":"CONNECT_FAILED","reason":"ECONNREFUSED"\}\n$/,
    );
  });

  it('keeps the stack of an error, below its line', async () => {
    const { module, logged } = await setup({ format: 'pretty' });
    module.get<Pino>(PINO).error({ err: new Error('broken'), error: 'INTERNAL' }, 'oh');
    const [first, ...below] = (await logged()).replace(/\x1b\[\d+m/g, '').split('\n');
    expect(first).toMatch(/ERROR: oh \{"error":"INTERNAL"\}$/);
    expect(below.join('\n')).toMatch(/"message": "broken"[^]*"stack":\s+Error: broken\n\s+at /);
  });

  it('colours only when asked to', () => {
    const line = '{"level":30,"time":1,"msg":"hello"}\n';
    expect(prettyFormat(false)(line)).not.toContain('\x1b');
    expect(prettyFormat(true)(line)).toContain('\x1b[');
  });
});
