import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rawRequest } from '../support/client.js';
import { valuesOf } from '../support/header-list.js';
import type { InProcessGateway } from '../support/in-process.js';
import { gatewayTo } from '../support/scene.js';
import { startStrictBackend, type StrictBackend } from '../support/strict-backend.js';

/** Fields in which a client outside `trustedProxies` describes itself; `6.6.6.6` and `evil` must reach no backend. */
const claims: readonly (readonly [what: string, fields: readonly string[]])[] = [
  ['X-Forwarded-For', ['X-Forwarded-For: 6.6.6.6']],
  ['X-Forwarded-For of another case', ['x-fORWARDED-fOR: 6.6.6.6']],
  ['X-Forwarded-For twice', ['X-Forwarded-For: 6.6.6.6', 'X-Forwarded-For: 127.0.0.1']],
  ['X-Forwarded-For with an underscore', ['X_Forwarded_For: 6.6.6.6', 'X-Forwarded_For: 6.6.6.6']],
  ['X-Forwarded-For, named by Connection', ['Connection: X-Forwarded-For', 'X-Forwarded-For: 6.6.6.6']],
  [
    'the gateway’s own fields, named by Connection',
    ['Connection: x-real-ip, x-request-id, via, forwarded, x-forwarded-for'],
  ],
  ['X-Real-IP', ['X-Real-IP: 6.6.6.6', 'X_Real_IP: 6.6.6.6']],
  ['Forwarded', ['Forwarded: for=6.6.6.6;host=evil;proto=https', 'FORWARDED: for=6.6.6.6']],
  [
    'X-Forwarded-Host, -Proto and -Port',
    ['X-Forwarded-Host: evil', 'X-Forwarded-Proto: evil', 'X-Forwarded-Port: evil'],
  ],
  ['X-Request-Id', ['X-Request-Id: evil', 'X_Request_Id: evil']],
  [
    'a client certificate',
    ['X-Client-Cert-Subject: CN=evil', 'X_Client_Cert_Subject: CN=evil', 'X-Client-Cert-Fingerprint: evil'],
  ],
  ['fields of the connection', ['Proxy-Connection: evil', 'Keep-Alive: evil', 'Upgrade: evil', 'HTTP2-Settings: evil']],
  ['credentials for the proxy', ['Proxy-Authorization: evil', 'Proxy_Authorization: evil']],
  ['framing with an underscore', ['Content_Length: 6666', 'Transfer_Encoding: evil', 'Host_: a']],
];

describe.each(['default', 'http-proxy-middleware'])('behind %s', forwarder => {
  let backend: StrictBackend;
  let gateway: InProcessGateway;

  beforeAll(async () => {
    backend = await startStrictBackend();
    gateway = await gatewayTo([backend], { forwarder });
  });

  beforeEach(() => backend.forget());

  it.each(claims)('a client’s word is not passed on: %s', async (_what, fields) => {
    const head = `GET / HTTP/1.1\r\nHost: shop.example\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n`;
    expect((await rawRequest(gateway.port, head)).status).toBe(200);
    expect(backend.requests).toHaveLength(1);
    const headers = backend.requests[0]!.headers;
    expect(headers.join('\n')).not.toMatch(/6\.6\.6\.6|evil|^6666$/im);
    expect(valuesOf(headers, 'x-forwarded-for')).toEqual(['127.0.0.1']);
    expect(valuesOf(headers, 'x-real-ip')).toEqual(['127.0.0.1']);
    expect(valuesOf(headers, 'x-forwarded-host')).toEqual(['shop.example']);
    expect(valuesOf(headers, 'forwarded')).toEqual(['for=127.0.0.1;host=shop.example;proto=http']);
    expect(valuesOf(headers, 'x-request-id')).toEqual([expect.stringMatching(/^[\da-f-]{36}$/)]);
    expect(valuesOf(headers, 'via')).toHaveLength(1);
  });

  it('a client cannot say it behind its body either', async () => {
    const names = claims.flatMap(([, fields]) =>
      fields.filter(field => !/^(?:connection|host_|content_l|transfer_e)/i.test(field)),
    );
    const trailers = [...names, 'Cookie: evil', 'Authorization: evil', 'Host: evil', 'X-Sum: 7'].join('\r\n');
    const response = await rawRequest(
      gateway.port,
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n${trailers}\r\n\r\n`,
    );
    expect(response.status).toBe(200);
    expect(backend.requests[0]!.trailers).toEqual(['X-Sum', '7']);
  });

  it('Connection cannot take away what frames, addresses or authenticates a message', async () => {
    const fields = 'Cookie: a=b\r\nAuthorization: Basic YTpi\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n';
    const named = 'Connection: close, cookie, authorization, content-type, content-length, host, transfer-encoding\r\n';
    await rawRequest(gateway.port, `POST / HTTP/1.1\r\nHost: a\r\n${named}${fields}\r\nhello`);
    const { headers, body } = backend.requests[0]!;
    expect(body).toBe('hello');
    for (const name of ['host', 'cookie', 'authorization', 'content-type', 'content-length']) {
      expect(valuesOf(headers, name)).toHaveLength(1);
    }
  });
});

/** More names by which servers elsewhere believe in an address. */
const elsewhere = [
  'True-Client-IP',
  'CF-Connecting-IP',
  'X-Client-IP',
  'X-Cluster-Client-IP',
  'X-Original-Forwarded-For',
];
const tried: readonly (readonly [what: string, fields: readonly string[]])[] = [
  ...claims,
  ...elsewhere.map((name): [string, string[]] => [name, [`${name}: 6.6.6.6`]]),
  ['X-Forwarded-For in a list', ['X-Forwarded-For: 6.6.6.6, 6.6.6.6']],
  ['a trailer', ['Transfer-Encoding: chunked']],
];

function messageWith(fields: readonly string[]): string {
  const head = `GET / HTTP/1.1\r\nHost: shop.example\r\n${fields.map(field => `${field}\r\n`).join('')}\r\n`;
  return fields.includes('Transfer-Encoding: chunked') ? `${head}0\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n` : head;
}

describe('what a client says of its address', () => {
  it('leads through no filter', async () => {
    const backend = await startStrictBackend();
    const denying = await gatewayTo([backend], {}, { security: { ipFilter: { deny: ['127.0.0.0/8'] } } });
    const allowing = await gatewayTo([backend], {}, { security: { ipFilter: { allow: ['6.6.6.6'] } } });
    for (const [what, fields] of tried) {
      for (const gateway of [denying, allowing]) {
        expect([what, (await rawRequest(gateway.port, messageWith(fields))).status]).toEqual([what, 403]);
      }
    }
    const introduced = `PROXY TCP4 6.6.6.6 127.0.0.1 1 2\r\n${messageWith([])}`;
    expect((await rawRequest(denying.port, introduced)).status).toBe(400);
    expect(backend.requests).toEqual([]);
  });

  it('makes it no other client to a limit', async () => {
    const backend = await startStrictBackend();
    const gateway = await gatewayTo([backend], {}, { security: { rateLimit: { limit: 1, per: '1h' } } });
    expect((await rawRequest(gateway.port, messageWith([]))).status).toBe(200);
    for (const [what, fields] of tried) {
      expect([what, (await rawRequest(gateway.port, messageWith(fields))).status]).toEqual([what, 429]);
    }
    expect(backend.requests).toHaveLength(1);
  });
});

describe('what a client behind a trusted proxy says of its address', () => {
  const told = 'X-Forwarded-For: 203.0.113.9';
  const before: readonly (readonly [what: string, fields: readonly string[]])[] = [
    ['before the proxy’s word', ['X-Forwarded-For: 6.6.6.6, 203.0.113.9']],
    ['in a field of its own', ['X-Forwarded-For: 6.6.6.6', told]],
    ['as a chain of proxies', ['X-Forwarded-For: 6.6.6.6, 127.0.0.1, 203.0.113.9']],
    ['with a comma too many', ['X-Forwarded-For: 6.6.6.6,, 203.0.113.9']],
    ['with quotes', ['X-Forwarded-For: "6.6.6.6, 203.0.113.9']],
    ['as Forwarded', ['Forwarded: for=6.6.6.6', told]],
    ['as X-Real-IP', ['X-Real-IP: 6.6.6.6', told]],
    ['with underscores', ['X_Forwarded_For: 6.6.6.6', told]],
    ['while it has Connection take the proxy’s word away', ['Connection: X-Forwarded-For', told]],
    ['a thousand times', [`X-Forwarded-For: ${'6.6.6.6, '.repeat(1_000)}203.0.113.9`]],
  ];

  it('counts for nothing', async () => {
    const backend = await startStrictBackend();
    const trustedProxies = ['127.0.0.1'];
    const ipFilter = { deny: ['203.0.113.0/24'] };
    const filtering = await gatewayTo([backend], {}, { trustedProxies, security: { ipFilter } });
    const limiting = await gatewayTo(
      [backend],
      {},
      { trustedProxies, security: { rateLimit: { limit: 1, per: '1h' } } },
    );
    expect((await rawRequest(limiting.port, messageWith([told]))).status).toBe(200);
    for (const [what, fields] of before) {
      expect([what, (await rawRequest(filtering.port, messageWith(fields))).status]).toEqual([what, 403]);
      expect([what, (await rawRequest(limiting.port, messageWith(fields))).status]).toEqual([what, 429]);
    }
    expect((await rawRequest(filtering.port, messageWith(['X-Forwarded-For: 203.0.113.9, 6.6.6.6']))).status).toBe(200);
  });
});
