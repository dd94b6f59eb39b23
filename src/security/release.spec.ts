import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { release } from './release.js';

afterEach(() => {
  vi.restoreAllMocks();
});

describe('what policies have taken for an exchange', () => {
  it('is given back in its order, each once', () => {
    const given: string[] = [];
    release(['a', 'b'].map(name => ({ release: () => given.push(name) })));
    expect(given).toEqual(['a', 'b']);
  });

  it('is given back also where one of them fails, which is logged', () => {
    const lines: unknown[] = [];
    vi.spyOn(Logger.prototype, 'error').mockImplementation(line => void lines.push(line));
    const given: string[] = [];
    const broken = {
      release(): void {
        throw new Error('no lock');
      },
    };
    release([broken, { release: () => given.push('b') }]);
    expect([given, lines]).toEqual([['b'], [new Error('no lock')]]);
  });
});
