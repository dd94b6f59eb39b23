import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type TestBackend } from '../support/backend.js';
import { rawRequest, request } from '../support/client.js';
import { connectHttp2 } from '../support/http2-client.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { secureGatewayTo } from '../support/secure-scene.js';

const closed = { ipFilter: { allow: ['192.0.2.0/24'] } };

const on = (host: string, path: string, others: object): object => ({
  name: `${host} ${path}`,
  match: { hosts: [host], path },
  ...others,
});
const app = { upstream: 'app' };
const keep = { validation: { path: { backslash: 'keep' } } };

const routes = [
  on('closed.example', '/admin/*', { ...app, security: closed }),
  on('closed.example', '/*', app),
  on('kept.example', '/admin/*', { ...app, security: { ...closed, ...keep } }),
  on('kept.example', '/*', { ...app, security: keep }),
  on('strict.example', '/*', { ...app, security: { validation: { path: 'strict' } } }),
  on('denied.example', '/admin/*', { respond: { status: 404, body: 'nothing here' } }),
  on('denied.example', '/*', app),
  on('part.example', '/public/*', { ...app, security: keep }),
  on('clean.example', '/admin/*', { ...app, security: { validation: { path: { encodedSlash: 'reject' } } } }),
  on('clean.example', '/*', app),
  on('limited.example', '/admin/*', { ...app, security: { rateLimit: { limit: 1, per: '1h' } } }),
  on('limited.example', '/*', app),
  on('moved.example', '/old/*', { redirect: { to: 'https://new.example/:rest' } }),
  on('moved.example', '/*', app),
  on('pages.example', '/chat/*', { ...app, websocket: { origins: ['https://app.example'] } }),
  on('pages.example', '/*', app),
  on('small.example', '/admin/*', { ...app, security: { validation: { maxBody: '10b', methods: ['POST'] } } }),
  on('small.example', '/*', app),
  {
    name: 'loose',
    match: { hosts: ['loose.example'], path: '/admin', caseSensitive: false, trailingSlash: 'ignore' },
    ...app,
    security: closed,
  },
  on('loose.example', '/*', app),
  on('rewritten.example', '/repl/*', { ...app, security: keep, rewrite: { replacePrefix: ['/repl', '/safe'] } }),
  on('rewritten.example', '/strip/*', { ...app, security: keep, rewrite: { stripPrefix: '/strip' } }),
  on('rewritten.example', '/x/*', { ...app, security: keep, rewrite: { path: '/safe/:rest' } }),
];

let backend: TestBackend;
let gateway: InProcessGateway;

beforeAll(async () => {
  backend = await startBackend();
  gateway = await startInProcess({ upstreams: { app: { backends: [backend.url] } }, routes });
});

/** The status for a path, and what the backend was asked for. */
async function ask(host: string, path: string, more = ''): Promise<[status: number, forwarded: string | undefined]> {
  const before = backend.requests.length;
  const { status } = await rawRequest(
    gateway.port,
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`,
  );
  return [status, backend.requests.at(before)?.url];
}

const spellings = [
  ...[
    '/admin/..%2fpublic',
    '/public/..%2fadmin',
    '//x/admin',
    '///x/admin/users',
    '/admin%20',
    '/admin%20/users',
    '/admin%09',
  ],
  ...[
    '/admin;x',
    '/admin;x/users',
    '/admin/users;x',
    '/public/..;/admin',
    '/public/..;x=y/admin',
    '/admin%3bx/users',
    '/;/admin',
  ],
  ...[
    '/admin%252f..',
    '/%2561dmin',
    '/public%252f..%252fadmin',
    '/public/%252e%252e/admin',
    '/%25252561dmin',
    '/admin%2fusers',
  ],
  ...[
    '/admin%5cusers',
    '/public/..%5cadmin',
    '/admin%00',
    '/admin%00.js',
    '/admin%0a',
    '/admin%3fx',
    '/admin%23x',
    '/adm%0din',
  ],
];
const withBackslash = [
  '/\\x/admin/users',
  '/admin\\users',
  '/\\admin',
  '/public/..\\admin',
  '/public\\..\\admin',
  '/\\/x/admin',
];

describe('a protected path', () => {
  it.each(spellings)('spelled %s is refused by the policies of its route, if any server reads it so', async path => {
    expect(await ask('closed.example', path)).toEqual([403, undefined]);
  });

  it.each(withBackslash)('spelled %s is refused, since no URI holds a backslash', async path => {
    expect(await ask('closed.example', path)).toEqual([400, undefined]);
    expect(await ask('nowhere.example', path)).toEqual([400, undefined]);
  });

  it.each(withBackslash)('spelled %s is protected where backslashes are forwarded', async path => {
    expect(await ask('kept.example', path)).toEqual([403, undefined]);
  });

  it('passes when no server could read the path as the protected one', async () => {
    const open = [
      '/a%2fb',
      '/a;b/c',
      '//x/y',
      '/a%20',
      '/a%252fb',
      '/a%5cb',
      '/administrator;x',
      '/x/%61dmin',
      '/a/..%2fb',
    ];
    for (const path of open) expect([path, ...(await ask('closed.example', path))]).toEqual([path, 200, path]);
    expect(await ask('kept.example', '/a\\b')).toEqual([200, '/a\\b']);
  });

  it('is protected in upper case and with a slash at its end where the route takes these for it', async () => {
    for (const path of ['/admin', '/ADMIN', '/Admin/', '/%41dmin', '/ADMIN;x', '//x/ADMIN/', '/admin%20/']) {
      expect([path, ...(await ask('loose.example', path))]).toEqual([path, 403, undefined]);
    }
    expect(await ask('loose.example', '/administrator')).toEqual([200, '/administrator']);
    expect(await ask('closed.example', '/ADMIN')).toEqual([200, '/ADMIN']);
  });

  it('is refused over HTTP/2 alike', async () => {
    const secure = await secureGatewayTo([backend], {
      others: {
        routes: [
          { match: { path: '/admin/*' }, ...app, security: closed },
          { match: { path: '/*' }, ...app },
        ],
      },
    });
    const client = await connectHttp2(secure.port);
    for (const path of spellings.slice(0, 12)) {
      expect([path, (await client.request({ headers: { ':path': path } })).status]).toEqual([path, 403]);
    }
    for (const path of withBackslash)
      expect([path, (await client.request({ headers: { ':path': path } })).status]).toEqual([path, 400]);
    expect((await client.request({ headers: { ':path': '/a;b' } })).status).toBe(200);
  });
});

describe('where a path can be read as one of another route', () => {
  it('that denies with a response, this is the answer', async () => {
    expect(await ask('denied.example', '/public/..;/admin')).toEqual([404, undefined]);
    expect(await ask('denied.example', '/admin;x')).toEqual([404, undefined]);
    expect(await ask('denied.example', '/public;x')).toEqual([200, '/public;x']);
  });

  it('that is none, it is refused when it leads out of where it seems to be', async () => {
    for (const path of [
      '/public/..;/admin',
      '/public/..%5cadmin',
      '/public/..\\admin',
      '/public/%252e%252e/admin',
      '//public/admin',
    ]) {
      expect([path, ...(await ask('part.example', path))]).toEqual([path, 400, undefined]);
    }
    for (const path of ['/public/a;b', '/public//a', '/public/a%2fb', '/public/a%20', '/public/a%2f..%2fb']) {
      expect([path, ...(await ask('part.example', path))]).toEqual([path, 200, path]);
    }
  });

  it('with stricter rules for paths, these hold', async () => {
    expect(await ask('clean.example', '/admin/..%2fpublic')).toEqual([400, undefined]);
    expect(await ask('clean.example', '/other/..%2fpublic')).toEqual([200, '/other/..%2fpublic']);
  });

  it('with a limit, it counts there', async () => {
    expect(await ask('limited.example', '/admin;x')).toEqual([200, '/admin;x']);
    expect(await ask('limited.example', '/admin')).toEqual([429, undefined]);
    expect(await ask('limited.example', '/admin%20')).toEqual([429, undefined]);
    expect(await ask('limited.example', '/public;x')).toEqual([200, '/public;x']);
  });

  it('with other limits for bodies and methods, both hold', async () => {
    expect(await ask('small.example', '/admin;x')).toEqual([405, undefined]);
    const post = { method: 'POST', path: '/admin;x', headers: { host: 'small.example' } };
    expect((await request(gateway.port, { ...post, body: 'x'.repeat(11) })).status).toBe(413);
    expect((await request(gateway.port, { ...post, body: 'x'.repeat(10) })).status).toBe(200);
  });

  it('with origins of its own, pages of others get no WebSocket', async () => {
    const upgrade = (origin: string): string =>
      `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: ${origin}\r\n`;
    const opened = (path: string, origin: string): Promise<number> =>
      rawRequest(gateway.port, `GET ${path} HTTP/1.1\r\nHost: pages.example\r\n${upgrade(origin)}\r\n`).then(
        ({ status }) => status,
      );
    expect(await opened('/chat;x', 'https://evil.example')).toBe(403);
    expect(await opened('/chat', 'https://evil.example')).toBe(403);
    // The backend speaks no WebSocket, and is asked.
    expect(await opened('/chat;x', 'https://app.example')).toBe(200);
    expect(await opened('/talk;x', 'https://evil.example')).toBe(200);
  });

  it('nothing changes for what the gateway answers itself', async () => {
    expect((await ask('moved.example', '/old/a;b//c'))[0]).toBe(308);
    expect(await ask('moved.example', '/x;y')).toEqual([200, '/x;y']);
  });
});

describe('path: strict', () => {
  it.each([
    ...spellings.filter(each => !/%3f|%23/.test(each)),
    ...withBackslash,
    '/a/../b',
    '/a/%2e/b',
    '/a%2fb',
    '/a;b',
    '/a%20',
    '/a%0a',
  ])('refuses %s', async path => {
    expect(await ask('strict.example', path)).toEqual([400, undefined]);
  });

  it('lets ordinary paths through', async () => {
    for (const path of ['/', '/a/b/', '/caf%C3%A9', '/a%20b', '/.well-known/x', '/a..b', '/100%25']) {
      expect([path, ...(await ask('strict.example', path))]).toEqual([path, 200, path]);
    }
  });
});

describe('a rewrite', () => {
  const ways = [
    '..\\admin',
    '..%5cadmin',
    '..;/admin',
    '..;x\\admin',
    '%252e%252e/admin',
    '..%255cadmin',
    'a/..;/..;/admin',
    '..%20/admin',
  ];

  it.each(ways)('is never left by %s, however a backend reads it', async rest => {
    for (const prefix of ['/repl', '/x']) {
      expect([prefix, ...(await ask('rewritten.example', `${prefix}/${rest}`))]).toEqual([prefix, 400, undefined]);
    }
  });

  it('to the root leads to no other host', async () => {
    expect(await ask('rewritten.example', '/strip/\\x/admin')).toEqual([400, undefined]);
    expect(await ask('rewritten.example', '/strip//x/admin')).toEqual([200, '/x/admin']);
  });

  it('takes what stays inside, as it is spelled', async () => {
    for (const rest of ['a;b', 'a%2fb', 'a//b', 'a%5cb', 'a\\b', 'a%20', 'a/b%2f..%2fc', '..a']) {
      expect(await ask('rewritten.example', `/repl/${rest}`)).toEqual([200, `/safe/${rest}`]);
    }
  });
});
