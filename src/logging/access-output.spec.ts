import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { tempFolder } from '../../test/support/temp.js';
import { AccessOutput } from './access-output.js';
import { LogDestination } from './destination.js';

async function setup(file = 'access.log') {
  const folder = await tempFolder();
  const told: unknown[][] = [];
  const tell = (...line: unknown[]): void => void told.push(line);
  let stdout = '';
  const write = (chunk: Buffer): void => void (stdout += chunk.toString());
  const log = new LogDestination({ write: (chunk, done) => (write(chunk), done()), writeNow: write });
  const path = file === '' ? '' : join(folder, file);
  const sut = new AccessOutput(log, { error: tell, info: tell, warn: tell }, path);
  const line = (text: string): void => {
    sut.begin().text(`${text}\n`);
    sut.end();
  };
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  return { folder, line, log, path, stdout: () => stdout, sut, text, told };
}

it('lines go to the log where there is no file', async () => {
  const { line, log, stdout, sut } = await setup('');
  line('one');
  await log.flush();
  expect([stdout(), sut.file, await sut.reopen()]).toEqual(['one\n', undefined, undefined]);
});

it('lines go to the file, and after a rotation to the new one, none lost', async () => {
  const { line, path, stdout, sut, text } = await setup();
  line('one');
  renameSync(path, `${path}.1`);
  await sut.reopen();
  line('two');
  await sut.close();
  expect([text('access.log.1'), text('access.log'), stdout()]).toEqual(['one\n', 'two\n', '']);
});

it('a change of the file takes effect when it is committed, and leaves nothing when it is not', async () => {
  const { folder, line, log, stdout, sut, text } = await setup();
  sut.prepare(join(folder, 'never.log')).discard();
  line('one');
  const next = sut.prepare(join(folder, 'next.log'));
  line('two');
  next.commit();
  line('three');
  sut.prepare('').commit();
  line('four');
  await sut.close();
  await log.flush();
  expect([text('access.log'), text('next.log'), text('never.log'), stdout()]).toEqual([
    'one\ntwo\n',
    'three\n',
    '',
    'four\n',
  ]);
  expect(() => sut.prepare(join(folder, 'none', 'x.log'))).toThrow(/cannot be opened: ENOENT/);
});
