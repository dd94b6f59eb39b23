import { beforeAll, describe, expect, it } from 'vitest';
import { rawRequest } from '../support/client.js';
import type { InProcessGateway } from '../support/in-process.js';
import { accessLines, gatewayTo } from '../support/scene.js';
import { startStrictBackend } from '../support/strict-backend.js';
import { eventually } from '../support/poll.js';

const host = 'Host: a.example\r\n';
const get = (target: string, fields = host): string => `GET ${target} HTTP/1.1\r\n${fields}\r\n`;

/** Bytes that would forge a line, break one, or steer a terminal, if they were written as they are. */
const messages: readonly (readonly [what: string, bytes: string])[] = [
  ['encoded line ends in the path', get('/a%0d%0a{"level":30,"msg":"forged"}')],
  ['quotes and braces in the path', get('/a","msg":"forged","x":"')],
  ['backslashes in the path', get('/a\\u0022\\"forged')],
  ['line ends in the path', get('/a\n{"msg":"forged"}')],
  ['ANSI escapes in the path', get('/a\x1b[2Jforged')],
  ['encoded ANSI escapes in the path', get('/a%1b%5b2Jforged')],
  ['C1 controls in the path', get('/a\xc2\x9b2Jforged')],
  ['an encoded line separator in the path', get('/a%e2%80%a8forged')],
  ['quotes in the Host', get('/', 'Host: a","msg":"forged\r\n')],
  ['line ends in the Host', get('/', 'Host: a\n{"msg":"forged"}\r\n')],
  ['quotes in the method', 'GE"T / HTTP/1.1\r\n\r\n'],
  ['quotes in the version', `GET / HTTP/"1.1\r\n${host}\r\n`],
  ['quotes in a field', get('/', `${host}User-Agent: x","msg":"forged\r\n`)],
  ['C1 controls in a field', get('/', `${host}User-Agent: \x9b2Jforged\x85\r\n`)],
  ['a line separator in a field', get('/', `${host}User-Agent: \xe2\x80\xa8\xe2\x80\xaeforged\r\n`)],
  ['ANSI escapes in a field', get('/', `${host}User-Agent: \x1b[2Jforged\r\n`)],
  ['a field called __proto__', get('/', `${host}__proto__: forged\r\nconstructor: forged\r\n`)],
  ['quotes in an X-Request-Id', get('/', `${host}X-Request-Id: x","msg":"forged\r\n`)],
  ['an X-Request-Id that steers terminals', get('/', `${host}X-Request-Id: \x9bforged\r\n`)],
  ['quotes in an X-Forwarded-For', get('/', `${host}X-Forwarded-For: 1.2.3.4","msg":"forged\r\n`)],
  ['a trailer', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0\r\nX: ","msg":"forged\r\n\r\n`],
];

describe.each([[[]], [['127.0.0.1/32']]])('with trusted proxies %j', trustedProxies => {
  let gateway: InProcessGateway;

  beforeAll(async () => {
    const backend = await startStrictBackend();
    gateway = await gatewayTo([backend], {}, { trustedProxies, logging: { level: 'debug' } });
  });

  it.each(messages)('%s: one line that anybody can parse', async (_what, bytes) => {
    const before = await accessLines(gateway);
    await rawRequest(gateway.port, bytes);
    await eventually(async () => (await accessLines(gateway)) > before);
    expect(await accessLines(gateway)).toBe(before + 1);
    expect(gateway.logs.some(({ msg }) => msg === 'forged')).toBe(false);
    // What is parsed may hold anything; what is written must be harmless to a terminal.
    expect(gateway.logText).toMatch(/^(?:[\x20-\x7e\u00a0-\u2027\u202f-\u205f\u2070-\uffff]+\n)+$/);
    expect(gateway.logText).not.toMatch(/[\u061c\u200e\u200f]/);
  });
});

it('a path that only begins like an excluded one is logged', async () => {
  const backend = await startStrictBackend();
  const gateway = await gatewayTo([backend], {}, { logging: { access: { exclude: ['/health/*', '/ping'] } } });
  for (const path of ['/health/../admin', '/health/%2e%2e/admin', '/ping/../admin']) {
    await rawRequest(gateway.port, get(path));
  }
  await rawRequest(gateway.port, get('/health/live'));
  await rawRequest(gateway.port, get('/last'));
  await gateway.waitForLog(({ path }) => path === '/last');
  const paths = gateway.logs.filter(({ msg }) => msg === 'exchange').map(({ path }) => path);
  expect(paths).toEqual(['/health/../admin', '/health/%2e%2e/admin', '/ping/../admin', '/last']);
  await eventually(() => backend.requests.length === 5);
});
