import { describe, expect, it } from 'vitest';
import { nestTrouble } from './supported-nest.js';
import { nodeTrouble } from './supported-node.js';

describe('a version of Node.js', () => {
  it.each(['24.9.0', '24.10.1', '25.0.0', '26.10.0'])('%s will do', version => {
    expect(nodeTrouble(version)).toBeUndefined();
  });

  it.each(['20.19.4', '22.23.3', '24.8.0'])('%s is refused in one line that says what to do', version => {
    expect(nodeTrouble(version)).toBe(
      `Gatehouse needs Node.js 24.9 or newer, and this is ${version}: install a newer one`,
    );
  });
});

describe('a version of Nest', () => {
  const withNest = (common: string | undefined, core: string | undefined) =>
    nestTrouble(name => (name === '@nestjs/core' ? core : common));

  it('will do where it is 12, or part of a bundle', () => {
    expect([withNest('12.0.0', '12.1.0'), withNest('12.5.1', '12.5.1'), withNest(undefined, undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(nestTrouble()).toBeUndefined();
  });

  it('is refused in one line that says what to do where it is another, in one part alone too', () => {
    expect(withNest('12.0.0', '11.2.10')).toBe(
      'Gatehouse needs Nest 12, and this application has @nestjs/core 11.2.10: npm install @nestjs/common@12 @nestjs/core@12',
    );
    expect(withNest('13.0.0', '13.0.0')).toContain('@nestjs/common 13.0.0');
  });
});
