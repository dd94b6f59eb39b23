import { describe, expect, it } from 'vitest';
import { isLocalName, isLoopback } from './loopback.js';

describe('a loopback host', () => {
  it.each([
    ...['127.0.0.1', '127.8.8.8', '::1', '[::1]', '0:0::1', '::ffff:127.0.0.1', '::ffff:7f00:1'],
    ...['localhost', 'LOCALHOST.', 'gw.localhost'],
  ])('is %s', host => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    ...['0.0.0.0', '::', '10.0.0.1', '128.0.0.1', '::2', '[127.0.0.1', '127.1', '127.0.0.256', '::ffff:10.0.0.1'],
    ...['gatehouse.internal', 'notlocalhost', '.localhost', 'localhost.example', ''],
  ])('is not "%s"', host => {
    expect(isLoopback(host)).toBe(false);
  });
});

it('a local name is no address', () => {
  expect(isLocalName('127.0.0.1')).toBe(false);
  expect(isLocalName('gw.localhost')).toBe(true);
});
