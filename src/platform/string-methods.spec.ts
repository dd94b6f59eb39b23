import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { expect, it } from 'vitest';

const changed = 'V8: reading a method through an object that inherits from String.prototype does not turn that back';

it('the methods of strings are found quickly also after a class was derived from String', () => {
  const source = stripTypeScriptTypes(readFileSync(new URL('string-methods.ts', import.meta.url), 'utf8'));
  const program = `${source.replace('export ', '')}
    class Derived extends String {}
    const before = %HasFastProperties(String.prototype);
    quickenStringMethods();
    console.log(before, %HasFastProperties(String.prototype));`;
  const said = execFileSync(process.execPath, ['--allow-natives-syntax', '-e', program], { encoding: 'utf8' });
  expect(said.trim(), changed).toBe('false true');
});
