import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../../test/support/temp.js';
import { StartError } from './start-error.js';

/** What is said where the system refuses an address with this error. */
function said(code: string | undefined, message = 'as the system has it', unix?: string): string {
  const error: NodeJS.ErrnoException = Object.assign(new Error(message), code === undefined ? {} : { code });
  try {
    return StartError.rethrow('listener "web": cannot listen on x', unix)(error);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(StartError);
    return (thrown as StartError).message;
  }
}

describe('the error of a start', () => {
  it.each([
    ['EADDRINUSE', 'another program listens there already; stop it or choose another address'],
    ['EACCES', 'this user may not listen there; ports below 1024 need a privilege'],
    ['EADDRNOTAVAIL', 'this machine has no such address'],
    ['ENOTFOUND', 'that name has no address'],
    ['EMFILE', 'as the system has it'],
  ])('for %s says what was tried, why it failed and the code', (code, reason) => {
    expect(said(code)).toBe(`listener "web": cannot listen on x: ${reason} (${code})`);
  });

  it('says what an error without a code says', () => {
    expect(said(undefined, 'no certificate')).toBe('listener "web": cannot listen on x: no certificate');
  });

  it('tells apart what stands in the way of a unix socket', async () => {
    const folder = await tempFolder();
    const at = (name: string): string => join(folder, name);
    writeFileSync(at('plain'), '');
    mkdirSync(at('inner'));
    expect(said('EADDRINUSE', '', at('plain'))).toContain('a file that is no socket stands there; remove it or');
    expect(said('EADDRINUSE', '', at('inner'))).toContain('a folder stands there; remove it or');
    expect(said('EADDRINUSE', '', at('gone'))).toContain('another program listens there already');
    expect(said('EACCES', '', at('new'))).toContain(`this user may not write into ${folder} (EACCES)`);
    for (const code of ['EACCES', 'ENOENT'])
      expect(said(code, '', at('none/x.sock'))).toContain(`the folder ${at('none')} does not exist (${code})`);
    expect(said('EMFILE', 'too many open files', at('x'))).toContain(': too many open files (EMFILE)');
  });
});
