import { startBackend, refusedPort, type TestBackend } from './backend.js';
import { makeCertificate } from './certificate.js';
import { startEventBackend, type EventBackend } from './event-stream.js';
import { startInProcess, type InProcessGateway } from './in-process.js';
import { startOtlpReceiver, type OtlpReceiver } from './otlp-receiver.js';
import { startWebSocketBackend } from './websocket-backend.js';

/** A gateway that records every exchange, with a route for each way that one can take. */
export interface TracedScene {
  readonly gateway: InProcessGateway;
  readonly receiver: OtlpReceiver;
  /** Answers at once; `/status/503` with that status, `/half` with half of it. */
  readonly backend: TestBackend;
  /** Answers when the test says so. */
  readonly slow: TestBackend;
  readonly events: EventBackend;
  /** Has `slow` answer what it holds. */
  release(): void;
}

/** Starts it. */
export async function startTraced(): Promise<TracedScene> {
  const receiver = await startOtlpReceiver();
  const backend = await startBackend((incoming, response) => {
    if (incoming.url === '/half') {
      response.writeHead(200, { 'content-length': '100' }).write('half');
      return setTimeout(() => response.destroy(), 20);
    }
    const status = Number(/^\/status\/(\d+)/.exec(incoming.url ?? '')?.[1] ?? 200);
    return response.writeHead(status).end('of the backend');
  });
  let release = (): void => {};
  const slow = await startBackend((_, response) => {
    const before = release;
    release = () => {
      before();
      response.end('late');
    };
  });
  const events = await startEventBackend();
  const sockets = await startWebSocketBackend();
  const { certFile, keyFile } = await makeCertificate();
  const dead = `http://127.0.0.1:${await refusedPort()}`;
  const never = { retries: { attempts: 0 } };
  const gateway = await startInProcess({
    listeners: [
      { name: 'web', host: '127.0.0.1', port: 0 },
      { name: 'secure', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert: certFile, key: keyFile }] } },
      { name: 'plain', host: '127.0.0.1', port: 0, redirectToHttps: 443 },
    ],
    upstreams: {
      app: { backends: [{ id: 'app-1', url: backend.url }], ...never },
      retried: { backends: [dead, backend.url].map((url, at) => ({ id: `r-${at}`, url })) },
      hedged: {
        backends: [slow.url, backend.url].map((url, at) => ({ id: `h-${at}`, url })),
        retries: { hedgeAfter: '20ms' },
      },
      narrow: { backends: [{ id: 'narrow-1', url: slow.url }], connections: { max: 1, queueTimeout: '5s' } },
      broken: { backends: [{ id: 'broken-1', url: dead }], circuitBreaker: { volumeThreshold: 1 }, ...never },
      fallen: { backends: [{ id: 'fallen-1', url: dead }], ...never, fallback: { status: 200, body: 'later' } },
      events: { backends: [events.url] },
      sockets: { backends: [sockets.url] },
      shadow: { backends: [backend.url] },
    },
    routes: [
      { name: 'app', match: { path: '/app/*' }, upstream: 'app', rewrite: { stripPrefix: '/app' } },
      {
        name: 'denied',
        match: { path: '/denied' },
        upstream: 'app',
        security: { ipFilter: { deny: ['127.0.0.1'] } },
      },
      { name: 'pong', match: { path: '/pong' }, respond: { status: 200, body: 'pong' } },
      {
        name: 'mirrored',
        match: { path: '/mirrored' },
        upstream: 'app',
        mirror: { upstream: 'shadow', share: '100%' },
      },
      ...['retried', 'hedged', 'narrow', 'broken', 'fallen', 'events', 'sockets'].map(name => ({
        name,
        match: { path: `/${name}` },
        upstream: name,
      })),
    ],
    tracing: {
      otlp: receiver.url,
      sample: '100%',
      service: 'edge',
      resource: { 'deployment.environment.name': 'test' },
      headers: { 'x-team': 'planted-token' },
    },
  });
  return { gateway, receiver, backend, slow, events, release: () => release() };
}
