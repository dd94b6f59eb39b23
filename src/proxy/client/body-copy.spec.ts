import { describe, expect, it } from 'vitest';
import { BodyCopy } from './body-copy.js';

function setup(limit: number) {
  const told: (string | undefined)[] = [];
  return { copy: new BodyCopy(limit, body => told.push(body?.toString())), told };
}

describe('a copy of a body', () => {
  it('is told of at the end, and once', () => {
    const { copy, told } = setup(6);
    copy.add(Buffer.from('abc'));
    copy.add(Buffer.from('def'));
    expect(told).toEqual([]);
    copy.complete();
    copy.complete();
    copy.fail();
    expect(told).toEqual(['abcdef']);
  });

  it('is nothing as soon as it is too large, and stays so', () => {
    const { copy, told } = setup(5);
    copy.add(Buffer.from('abc'));
    copy.add(Buffer.from('def'));
    expect(told).toEqual([undefined]);
    copy.add(Buffer.from('g'));
    copy.complete();
    expect(told).toEqual([undefined]);
  });

  it('is nothing when the body breaks', () => {
    const { copy, told } = setup(5);
    copy.add(Buffer.from('abc'));
    copy.fail();
    copy.complete();
    expect(told).toEqual([undefined]);
  });

  it('is empty where the body is', () => {
    const { copy, told } = setup(0);
    copy.complete();
    expect(told).toEqual(['']);
  });
});
