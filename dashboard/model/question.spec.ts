import { describe, expect, it } from 'vitest';
import { noQuestion, questionBody, questionOf } from './question.js';

describe('a question about a request', () => {
  it('is what was typed, without what is empty', () => {
    expect(questionBody({ ...noQuestion, url: ' /orders/7 ' })).toEqual({ body: { method: 'GET', url: '/orders/7' } });
    const headers = 'x-beta: 1\n\n  accept:a \naccept: b, c';
    expect(questionBody({ method: 'POST', url: '/', headers, ip: '203.0.113.9' })).toEqual({
      body: { method: 'POST', url: '/', headers: { 'x-beta': '1', accept: ['a', 'b, c'] }, ip: '203.0.113.9' },
    });
  });

  it('is not asked with a line that is no header', () => {
    expect(questionBody({ ...noQuestion, headers: 'x-beta 1' })).toEqual({
      wrong: '"x-beta 1" is no header such as "x-beta: 1".',
    });
  });

  it('is made of a line of the tail', () => {
    const line = { time: 0, status: 502, method: 'PUT', host: 'shop.example', path: '/orders/7', client: '10.0.0.9' };
    expect(questionOf(line)).toEqual({
      method: 'PUT',
      url: '/orders/7',
      headers: 'host: shop.example',
      ip: '10.0.0.9',
    });
    expect(questionOf({ time: 0, status: 400 })).toEqual({ method: 'GET', url: '/', headers: '', ip: '' });
  });
});
