import { expect, it } from 'vitest';
import { isNeverUpgradedTo } from './upgrade-protocol.js';

it.each([
  ...[
    'h2',
    'H2',
    'h2c',
    'H2C',
    'h2c/1',
    'h2c-14',
    'h2-16',
    'h3',
    'h3-29',
    'hq-interop',
    'http',
    'HTTP2',
    'http2',
    'HTTP/2',
  ],
  ...['HTTP/2.0', 'http/1.1', 'http/0.9', 'https', 'shttp', 'httpx', 'spdy/3.1', 'quic', 'tls', 'TLS/1.2', 'ssl'],
  ...['"h2c"', 'h2c;q=1', 'foo;q=1', 'h2c q', 'h2c\t', '\u00a0h2c', 'h2c/', '/h2c', 'h2c/1/2', '<h2c>', '(h2c)'],
  ...['', ' ', 'a b', 'a/b/c', 'f\u00fc'],
])('no connection may ever be switched to %j', name => {
  expect(isNeverUpgradedTo(name)).toBe(true);
});

it.each([
  'websocket',
  'WebSocket',
  'websocket/13',
  'irc',
  'IRC/6.9',
  'foo',
  'foo/2',
  'connect-udp',
  'webtransport',
  'SPDZ',
  'hello',
  'h',
])('a connection may be switched to %j', name => {
  expect(isNeverUpgradedTo(name)).toBe(false);
});
