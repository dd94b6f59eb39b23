import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { ifInstalled, MissingPackageError, optionalPackage } from './optional-package.js';

const load = createRequire(import.meta.url);

describe('a package that only some applications need', () => {
  it('is loaded where it is installed', () => {
    expect(
      optionalPackage<typeof import('ioredis')>('a Redis store', 'ioredis', () => load('ioredis')).Redis,
    ).toBeTypeOf('function');
  });

  it('is named with the command that installs it where it is not', () => {
    const missing = () => optionalPackage('rateLimitStore.redis', 'no-such-redis', () => load('no-such-redis'));
    expect(missing).toThrow(MissingPackageError);
    expect(missing).toThrow(
      /^rateLimitStore\.redis needs the package no-such-redis, which is not installed: npm install no-such-redis$/,
    );
  });

  it('is named with all others that are missing with it', () => {
    expect(new MissingPackageError('it', 'one', 'two').message).toBe(
      'it needs the packages one and two, which are not installed: npm install one two',
    );
    expect(ifInstalled(() => optionalPackage('x', 'none', () => load('none')))).toBeUndefined();
    expect(ifInstalled(() => 1)).toBe(1);
  });

  it('may fail by itself, and what it says is passed on', () => {
    const broken = Object.assign(new Error("Cannot find package 'its-own-need' imported from redis"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    const thrown = () =>
      optionalPackage('x', 'redis', () => {
        throw broken;
      });
    expect(thrown).toThrow(broken);
    expect(() => ifInstalled(thrown)).toThrow(broken);
  });
});
