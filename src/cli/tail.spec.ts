import { expect, it } from 'vitest';
import { lineText } from './tail.js';

const time = Date.UTC(2026, 0, 31, 12, 0, 1, 23);

it('shows a request on one line: when, what came of it, how long it took, where it went, who asked', () => {
  const line = { time, status: 200, method: 'GET', host: 'shop.example', path: '/orders/7', client: '203.0.113.7' };
  expect(lineText({ ...line, route: 'orders', upstream: 'app', backend: 'a', ms: { total: 12.345 } })).toBe(
    '12:00:01.023  200   12.3 ms  GET  shop.example/orders/7  orders → app/a  203.0.113.7',
  );
});

it('says why it failed', () => {
  const line = {
    time,
    status: 502,
    method: 'GET',
    path: '/',
    client: '::1',
    error: 'RESET',
    reason: 'socket\nhang up',
  };
  expect(lineText(line)).toBe('12:00:01.023  502         -  GET  /  no route  ::1  RESET: socket?hang up');
});
