import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../test/support/temp.js';
import { LogFile } from './log-file.js';

async function opened() {
  const path = join(await tempFolder(), 'access.log');
  const file = new LogFile(path);
  const write = promisify((text: string, done: (error?: Error | null) => void) => file.write(Buffer.from(text), done));
  return { file, path, write, text: (name = path) => readFileSync(name, 'utf8') };
}

describe('a log file', () => {
  it('is appended to, by several who have it open, and not for everyone to read', async () => {
    const { file, path, text, write } = await opened();
    await write('one\n');
    const other = new LogFile(path);
    other.writeNow(Buffer.from('two\n'));
    await write('three\n');
    expect([text(), statSync(path).mode & 0o007]).toEqual(['one\ntwo\nthree\n', 0]);
    file.close();
    other.close();
  });

  it('is opened again by its name, and what is under way goes where it began', async () => {
    const { file, path, text, write } = await opened();
    const under = write('before\n');
    renameSync(path, `${path}.1`);
    file.reopen();
    renameSync(path, `${path}.2`);
    file.reopen();
    await under;
    await write('after\n');
    file.close();
    expect([text(`${path}.1`), text(`${path}.2`), text()]).toEqual(['before\n', '', 'after\n']);
  });

  it('stays open when it cannot be opened again', async () => {
    const { file, path, text, write } = await opened();
    renameSync(path, `${path}.1`);
    await mkdir(path);
    expect(() => file.reopen()).toThrow(/cannot be opened: EISDIR|is not a file/);
    await write('on\n');
    file.close();
    expect(text(`${path}.1`)).toBe('on\n');
  });

  it('may be closed while a write is under way, and twice', async () => {
    const { file, text, write } = await opened();
    const under = write('last\n');
    file.close();
    file.close();
    await under;
    expect(text()).toBe('last\n');
  });

  it('says in one line why it cannot be opened, and waits for no reader of a pipe', async () => {
    const folder = await tempFolder();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(() => new LogFile(join(folder, 'none', 'a.log'))).toThrow(
      /^logging\.access\.file: ".*" cannot be opened: ENOENT$/,
    );
    expect(() => new LogFile(folder)).toThrow(/cannot be opened: EISDIR$/);
    expect(() => new LogFile(join(folder, 'pipe'))).toThrow(/cannot be opened: ENXIO$/);
    expect(() => new LogFile('/dev/null')).toThrow(/is not a file$/);
  });
});
