import { hash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { Forwarder, GatewayError, Policy } from '../../src/index.js';
import type { ForwarderFactory, PolicyContext, RequestPolicy, Verdict } from '../../src/index.js';
import { networkError } from '../../src/proxy/forwarder/network-error.js';
import { startBackend } from './backend.js';
import { startInProcess, type InProcessGateway } from './in-process.js';
import { phc } from './password.js';
import { startRawBackend, type RawBackend } from './raw-backend.js';
import { neverConnects } from './scene.js';
import { tempFolder } from './temp.js';

@Policy('office-hours')
class OfficeHours implements RequestPolicy {
  check({ path }: PolicyContext): Verdict {
    if (path.endsWith('/broken')) throw new Error('a bug');
    return new GatewayError('DENIED', 'Closed.', undefined, 403);
  }
}

/** A forwarder whose process has no descriptor left. */
@Forwarder('exhausted')
class Exhausted implements ForwarderFactory {
  create(): Forwarder {
    const error = Object.assign(new Error('connect EMFILE'), { code: 'EMFILE' });
    return {
      forward: (_request, _backend, observer) => {
        observer.fail(networkError(error, 'connecting'));
        return { resume: () => {}, setIdleTimeout: () => {}, abort: () => {} };
      },
      connections: () => ({ active: 0, idle: 0, pending: 0 }),
      close: () => Promise.resolve(),
    };
  }
}

@Module({ providers: [OfficeHours, Exhausted] })
class OwnModule {}

const refused = 'http://127.0.0.1:9';
const once = { retries: { attempts: 0 } };

/** A gateway with a route for each policy and each kind of trouble with a backend. `raw`: the backend of most of them. */
export async function startRefusing(): Promise<{ readonly gateway: InProcessGateway; readonly raw: RawBackend }> {
  const schema = join(await tempFolder(), 'order.json');
  const amount = { items: { type: 'array', items: { properties: { amount: { type: 'number' } } } } };
  await writeFile(schema, JSON.stringify({ type: 'object', properties: amount }));
  const raw = await startRawBackend(async connection => {
    const head = await connection.head();
    if (head.includes('/reset')) connection.reset();
    else if (head.includes('/garbage')) connection.respond('SSH-2.0-OpenSSH\r\n\r\n');
    else if (head.includes('/half')) {
      connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
      connection.end();
    } else if (head.includes('/idle')) connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
    else if (head.includes('/ok')) connection.respond('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
  });
  const service = await startBackend((_, response) => response.writeHead(403).end());
  const app = { backends: [{ url: raw.url, id: 'raw' }], ...once, timeouts: { response: '300ms', idle: '200ms' } };
  const local = (path: string, security: object): object => ({
    match: { path },
    respond: { status: 200 },
    security,
  });
  const to = (path: string, upstream: string, more: object = {}): object => ({ match: { path }, upstream, ...more });
  const jwt = { jwks: `${refused}/`, issuer: 'i', audience: 'a' };
  const apiKey = { keys: [{ id: 'partner-1', sha256: hash('sha256', 'right') }] };
  const gateway = await startInProcess(
    {
      listeners: [
        { name: 'web', host: '127.0.0.1', port: 0 },
        {
          name: 'impatient',
          host: '127.0.0.1',
          port: 0,
          limits: { headerTimeout: '200ms', requestTimeout: '300ms' },
        },
      ],
      rateLimitStore: { redis: 'redis://127.0.0.1:9' },
      upstreams: {
        app,
        down: {
          backends: [{ url: refused, id: 'down' }],
          retries: { backoff: '1ms' },
          circuitBreaker: { enabled: false },
        },
        open: { backends: [refused], ...once, circuitBreaker: { volumeThreshold: 1 } },
        never: { backends: [(await neverConnects()).url], ...once, timeouts: { connect: '100ms' } },
        full: { ...app, timeouts: {}, connections: { max: 1, queue: 0 } },
        queue: { ...app, timeouts: {}, connections: { max: 1, queueTimeout: '100ms' } },
        none: { backends: [refused], forwarder: 'exhausted', ...once },
        try: { ...app, timeouts: { response: '5s' }, retries: { attempts: 0, tryTimeout: '100ms' } },
      },
      routes: [
        to('/app/*', 'app'),
        to('/down', 'down'),
        to('/open', 'open'),
        to('/never', 'never'),
        to('/full', 'full'),
        to('/queue', 'queue'),
        to('/none', 'none'),
        to('/try', 'try'),
        local('/address', { ipFilter: { deny: ['192.0.2.0/24', '127.0.0.0/8'] } }),
        local('/inside', { ipFilter: { allow: ['10.0.0.0/8'] } }),
        local('/rate', { rateLimit: { limit: 1, per: '1h' } }),
        local('/uncounted', { rateLimit: { limit: 1, per: '1h', onStoreFailure: 'deny' } }),
        to('/places', 'full', { security: { concurrency: { limit: 1, key: 'global' } } }),
        local('/method', { validation: { methods: ['GET', 'HEAD'] } }),
        to('/body', 'app', { security: { validation: { maxBody: '1kb' } } }),
        local('/underscores', { validation: { underscoreHeaders: 'reject' } }),
        local('/required', { validation: { requireHeaders: ['x-tenant'] } }),
        to('/type', 'app', { security: { validation: { contentTypes: ['application/json'] } } }),
        to('/schema', 'app', { security: { validation: { maxBody: '1kb', body: { schema } } } }),
        local('/cors', { cors: { origins: ['https://app.example'], methods: ['GET'], headers: ['x-a'] } }),
        local('/key', { auth: { apiKey } }),
        local('/token', { auth: { jwt } }),
        local('/password', { auth: { basic: { users: [{ name: 'ops', scrypt: phc('right') }] } } }),
        local('/asked', { auth: { forward: { url: service.url } } }),
        local('/own/*', { policies: ['office-hours'] }),
        to('/socket', 'app', { websocket: { origins: ['https://app.example'] } }),
        to('/path/*', 'app', { security: { validation: { path: 'strict' } } }),
      ],
    },
    { imports: [OwnModule] },
  );
  return { gateway, raw };
}
