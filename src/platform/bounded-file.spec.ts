import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBounded, readBoundedText } from './bounded-file.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-files-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

const pipe = (name: string): string => {
  execFileSync('mkfifo', [join(folder, name)]);
  return join(folder, name);
};

describe('a file that is read at start', () => {
  it('is read whole, up to its limit and not a byte beyond', () => {
    const path = file('whole', 'x'.repeat(100_000));
    expect(readBounded(path, { maxBytes: 100_000 }).length).toBe(100_000);
    expect(() => readBounded(path, { maxBytes: 99_999 })).toThrow('is larger than 99999 bytes');
    expect(readBounded(file('empty', '')).length).toBe(0);
  });

  it('may be one of which the system says that it has no size', () => {
    expect(readBoundedText('/proc/self/status')).toMatch(/^Name:/);
  });

  it('does not hang the start when it never ends', () => {
    expect(() => readBounded('/dev/zero')).toThrow('is larger than 1mb');
  });

  it('is not taken into memory when it is huge', () => {
    const path = file('huge', '');
    truncateSync(path, 2 ** 40);
    expect(() => readBounded(path)).toThrow('is larger than 1mb');
  });

  it('does not hang the start when it is a pipe without a writer', () => {
    expect(() => readBounded(pipe('silent'), { maxWait: 50 })).toThrow('is a pipe or a device that gives nothing');
  });

  it('does not hang the start when it is a pipe that stays open', () => {
    const path = pipe('open');
    const writer = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    writeSync(writer, 'half');
    expect(() => readBounded(path, { maxWait: 50 })).toThrow('does not come to its end');
    closeSync(writer);
  });

  it('may be a pipe, such as a shell makes for <(command)', () => {
    const script = `import { readBoundedText } from ${JSON.stringify(new URL('./bounded-file.ts', import.meta.url).pathname)};
      process.stdout.write(readBoundedText(process.argv[2]));`;
    const program = file('read.mts', script);
    const command = `${process.execPath} ${program} <(sleep 0.1; printf secret)`;
    expect(execFileSync('bash', ['-c', command], { encoding: 'utf8' })).toBe('secret');
  });

  it('must be a plain one where traffic would have to wait for it', () => {
    expect(() => readBounded(pipe('later'), { maxWait: 0 })).toThrow('is not a regular file');
    expect(() => readBounded('/dev/zero', { maxWait: 0 })).toThrow('is not a regular file');
  });

  it('is not a folder, and must be there', () => {
    expect(() => readBounded(folder)).toThrow('is a directory');
    expect(() => readBounded(join(folder, 'missing'))).toThrow('does not exist');
  });

  it('must be UTF-8 where it is text', () => {
    expect(readBoundedText(file('mark', '\uFEFFa'))).toBe('\uFEFFa');
    expect(readBoundedText(file('mark', '\uFEFFa'), { dropMark: true })).toBe('a');
    expect(() => readBoundedText(file('latin', Buffer.from([0xfc])))).toThrow('is not valid UTF-8');
  });
});
