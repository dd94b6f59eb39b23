import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { endsWithAnswer, endWithAnswer } from './last-answer.js';

describe('the last answer of a connection', () => {
  it('is noted for its connection, and for no other', () => {
    const [one, other] = [new Socket(), new Socket()];
    expect(endsWithAnswer(one)).toBe(false);
    endWithAnswer(one);
    endWithAnswer(one);
    expect([endsWithAnswer(one), endsWithAnswer(other)]).toEqual([true, false]);
  });
});
