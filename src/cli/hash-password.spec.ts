import { Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ScryptHash } from '../security/auth/basic/scrypt-hash.js';
import { hashPassword } from './hash-password.js';

afterEach(() => void vi.restoreAllMocks());

async function run(...chunks: string[]) {
  const written = { out: '', err: '' };
  vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    written.out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    written.err += String(text);
    return true;
  });
  const code = await hashPassword(Readable.from(chunks.map(chunk => Buffer.from(chunk))));
  vi.restoreAllMocks();
  return { code, ...written };
}

describe('gatehouse hash-password', () => {
  it('prints a hash of the line on standard input', async () => {
    const { code, out, err } = await run('correct ', 'horse\n');
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('horse');
    expect(await ScryptHash.parse(out.trimEnd())!.matches('correct horse')).toBe(true);
  });

  it.each<[string, string]>([
    ['', 'no password'],
    ['\n', 'no password'],
    ['one\ntwo\n', 'one line'],
    ['x'.repeat(1025), 'more than 1024'],
    ['x'.repeat(100_000), 'more than 1024'],
  ])('refuses %j', async (input, says) => {
    const { code, out, err } = await run(input);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(says);
    expect(err.split('\n')).toHaveLength(2);
  });
});
