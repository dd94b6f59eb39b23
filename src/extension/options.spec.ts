import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Min, ValidateNested } from 'class-validator';
import { describe, expect, it } from 'vitest';
import { describeFaults, readOptions } from './options.js';

class Window {
  @IsInt()
  size!: number;
}

class Options {
  @IsIn(['path', 'client-ip'])
  key = 'client-ip';

  @IsInt()
  @Min(1)
  depth = 3;

  @IsOptional()
  @ValidateNested()
  @Type(() => Window)
  window?: Window;
}

const errorsOf = (written: unknown) => {
  const result = readOptions(Options, written);
  return result.ok ? [] : result.faults.map(fault => describeFaults([fault], ['a', 'b']));
};

describe('options of an extension', () => {
  it('become an instance of the class that declares them, with its defaults', () => {
    const result = readOptions(Options, { key: 'path' });
    expect(result).toEqual({ ok: true, options: { key: 'path', depth: 3 } });
    expect(result.ok && result.options).toBeInstanceOf(Options);
  });

  it('may be left out altogether', () => {
    expect(errorsOf(undefined)).toEqual([]);
    expect(errorsOf(null)).toEqual([]);
  });

  it('are refused with the path and what is allowed', () => {
    expect(errorsOf({ key: 'cookie' })).toEqual(['a.b.key: must be one of the following values: path, client-ip']);
  });

  it('are refused all at once, one line for each', () => {
    expect(errorsOf({ key: 7, depth: 0 })).toHaveLength(2);
  });

  it('are refused under a key that the class does not declare, with the nearest declared key', () => {
    expect(errorsOf({ kye: 'path' })).toEqual(['a.b.kye: unknown option (did you mean "key"?)']);
    expect(errorsOf({ somethingElse: 1 })).toEqual(['a.b.somethingElse: unknown option']);
  });

  it('are checked inside too', () => {
    expect(errorsOf({ window: { size: 'big' } })).toEqual(['a.b.window.size: must be an integer number']);
  });

  it('must be a mapping', () => {
    expect(errorsOf('path')).toEqual(['a.b: must be a mapping']);
    expect(errorsOf(['path'])).toEqual(['a.b: must be a mapping']);
  });

  it('are refused where none are taken', () => {
    expect(readOptions(undefined, { key: 'path' })).toEqual({
      ok: false,
      faults: [{ path: ['key'], message: 'unknown option; it takes none', at: 'key' }],
    });
    expect(readOptions(undefined, {})).toEqual({ ok: true, options: undefined });
  });
});
