import { STATUS_CODES } from 'node:http';
import { connect as connectTls } from 'node:tls';
import { Module } from '@nestjs/common';
import { beforeAll, describe, expect, it } from 'vitest';
import { Counter, InjectMetric, provideCounter } from '../../src/index.js';
import { errorTable } from '../../src/http/gateway-error.js';
import { startBackend, refusedPort } from '../support/backend.js';
import { makeCertificate } from '../support/certificate.js';
import { rawRequest, request } from '../support/client.js';
import { conventionBreaks, parseExposition, type ParsedFamily } from '../support/exposition.js';
import { startInProcess, type InProcessGateway } from '../support/in-process.js';
import { eventually } from '../support/poll.js';
import { openWebSocket, refusedWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

class OrderMetrics {
  constructor(@InjectMetric('shop_orders_total') private readonly orders: Counter<'kind'>) {}

  ordered(kind: 'book' | 'record'): void {
    this.orders.inc({ kind });
  }
}

@Module({
  providers: [
    OrderMetrics,
    provideCounter({ name: 'shop_orders_total', help: 'Orders that were placed.', labelNames: ['kind'] }),
  ],
})
class OrdersModule {}

let gateway: InProcessGateway;

async function families(accept = '*/*'): Promise<ParsedFamily[]> {
  const { header, text } = await request(gateway.adminPort, { path: '/metrics', headers: { accept } });
  const format = header('content-type')?.startsWith('application/openmetrics-text') ? 'openmetrics' : 'prometheus';
  return parseExposition(text, format);
}

beforeAll(async () => {
  // It answers with the status that its path ends with.
  const backend = await startBackend((incoming, response) => {
    const status = Number(/\/(\d{3})(?:\?|$)/.exec(incoming.url ?? '')?.[1] ?? 200);
    response.writeHead(status, { 'x-evil': 'evil', 'content-type': 'text/evil' }).end('evil');
  });
  const sockets = await startWebSocketBackend();
  const { certFile, keyFile } = await makeCertificate();
  gateway = await startInProcess(
    {
      listeners: [
        { name: 'web', host: '127.0.0.1', port: 0 },
        { name: 'secure', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert: certFile, key: keyFile }] } },
      ],
      upstreams: {
        shop: {
          backends: [{ id: 'shop-a', url: backend.url }],
          healthCheck: { path: '/200', interval: '1h' },
          // It would keep the statuses away that a backend makes up.
          circuitBreaker: { enabled: false },
        },
        chat: { backends: [{ id: 'chat-a', url: sockets.url }] },
        dead: { backends: [{ id: 'dead-a', url: `http://127.0.0.1:${await refusedPort()}` }] },
      },
      routes: [
        { name: 'shop', match: { path: '/shop/*' }, upstream: 'shop' },
        {
          name: 'limited',
          match: { path: '/limited' },
          upstream: 'shop',
          security: { rateLimit: { limit: 1, per: '1h' } },
        },
        { name: 'chat', match: { path: '/chat' }, upstream: 'chat', websocket: {} },
        { name: 'dead', match: { path: '/dead' }, upstream: 'dead' },
      ],
    },
    { imports: [OrdersModule] },
  );
});

describe('/metrics', () => {
  beforeAll(async () => {
    for (const path of ['/shop/200', '/limited', '/limited', '/dead', '/nowhere'])
      await request(gateway.port, { path });
    await eventually(async () => (await gateway.metric('gatehouse_requests_total')) === 5);
  });

  it('keeps to the text format, and to the conventions for names', async () => {
    const all = await families();
    const own = all.filter(({ name }) => name.startsWith('gatehouse_'));
    expect(own.length).toBeGreaterThan(50);
    expect(conventionBreaks(own)).toEqual([]);
    const others = new Set(all.filter(each => !own.includes(each)).map(({ name }) => name.split('_')[0]));
    expect([...others].toSorted()).toEqual(['nodejs', 'process', 'shop']);
    expect(conventionBreaks(all.filter(({ name }) => name.startsWith('process_')).map(each => ({ ...each, help: 'A.' })))).toEqual([]); // prettier-ignore
  });

  it('is the same as OpenMetrics', async () => {
    // That of Prometheus 3.
    const accept =
      'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';
    const open = await families(accept);
    const plain = await families();
    const nameOf = ({ name, type }: ParsedFamily): string =>
      type === 'counter' ? `${name}_total` : type === 'info' ? `${name}_info` : name;
    expect(open.map(nameOf)).toEqual(plain.map(({ name }) => name));
    expect(open.find(({ name }) => name === 'gatehouse_build')).toMatchObject({ type: 'info' });
    expect(open.find(({ name }) => name === 'gatehouse_request_duration_seconds')).toMatchObject({ unit: 'seconds' });
    const bounds = ['0.005', '0.025', '0.1', '0.25', '1.0', '2.5', '10.0', '+Inf'];
    const latency = open.find(({ name }) => name === 'gatehouse_backend_response_duration_seconds');
    expect(latency?.samples.flatMap(({ labels }) => labels.get('le') ?? [])).toEqual(bounds);
  });

  it('tells rate, errors and latency of routes and backends, and which limit was over', async () => {
    const ofRoute = (route: string): Promise<number> => gateway.metric('gatehouse_requests_total', { route });
    expect([await ofRoute('shop'), await ofRoute('limited'), await ofRoute('none')]).toEqual([1, 2, 1]);
    expect(await gateway.metric('gatehouse_request_duration_seconds_count', { route: 'shop' })).toBe(1);
    const backend = { upstream: 'shop', backend: 'shop-a' };
    expect(await gateway.metric('gatehouse_backend_responses_total', { ...backend, status: '2xx' })).toBe(2);
    expect(await gateway.metric('gatehouse_backend_response_duration_seconds_count', backend)).toBe(2);
    const limit = 'security.rateLimit 1/1h per address';
    expect(await gateway.metric('gatehouse_limit_refusals_total', { route: 'limited', limit })).toBe(1);
    expect(await gateway.metric('gatehouse_attempts_total', { backend: 'dead-a', outcome: 'failure' })).toBeGreaterThan(
      0,
    );
    const { text } = await request(gateway.adminPort, { path: '/metrics' });
    // Before the first: what begins with one has no rate at the first.
    expect(text).toContain('gatehouse_retries_total{upstream="shop",reason="status"} 0\n');
    expect(text).toContain('gatehouse_retries_withheld_total{upstream="chat"} 0\n');
    expect(await gateway.metric('gatehouse_retry_budget_remaining', { upstream: 'shop' })).toBeGreaterThanOrEqual(10);
  });

  it('shows a counter of the application around it, each gateway its own', async () => {
    const other = await startInProcess(
      { upstreams: { app: { backends: ['http://127.0.0.1:1'] } } },
      { imports: [OrdersModule] },
    );
    gateway.gateway.app.get(OrderMetrics, { strict: false }).ordered('book');
    const shown = async ({ adminPort }: InProcessGateway): Promise<string[]> =>
      (await request(adminPort, { path: '/metrics' })).text.split('\n').filter(line => line.includes('shop_orders'));
    const described = ['# HELP shop_orders_total Orders that were placed.', '# TYPE shop_orders_total counter'];
    expect(await shown(gateway)).toEqual([...described, 'shop_orders_total{kind="book"} 1']);
    expect(await shown(other)).toEqual(described);
  });
});

describe('hostile names of clients and backends', () => {
  /** Each kind of input that might reach a label, n times, with something new each time. */
  async function evil(round: number): Promise<void> {
    for (let n = 0; n < 10; n++) {
      const id = `evil${round}x${n}`;
      const headers = { host: `${id}.example`, 'user-agent': id, 'x-request-id': id, authorization: `Bearer ${id}`, cookie: `${id}=1`, origin: `http://${id}` }; // prettier-ignore
      for (const path of [`/shop/${id}/200?${id}=1`, `/${id}`, '/limited', '/dead', '/chat'])
        await request(gateway.port, { path, headers, method: n % 2 === 0 ? 'GET' : 'PUT' });
      for (const head of [
        `${id.toUpperCase()} /shop/${id}/200 HTTP/1.1`,
        `GET /${id} HTTP/1.1\r\n${id}`,
        `GET http://${id}/ HTTP/9.9`,
        id,
      ])
        // prettier-ignore
        await rawRequest(gateway.port, `${head}\r\nHost: ${id}\r\nConnection: close\r\n\r\n`).catch(() => undefined);
      const socket = await openWebSocket(gateway.port, { path: '/chat', protocols: [id], origin: `http://${id}` });
      socket.socket.close(3000 + round * 100 + n, id);
      await socket.closed();
      await refusedWebSocket(gateway.port, { path: `/shop/${id}/404` });
      const tls = connectTls({
        port: gateway.ports['secure']!,
        host: '127.0.0.1',
        servername: `${id}.example`,
        ALPNProtocols: [id],
        rejectUnauthorized: false,
      }).on('error', () => undefined);
      await new Promise(resolve => tls.on('close', resolve));
    }
  }

  /** Statuses that a backend can make up. */
  async function statuses(): Promise<void> {
    for (let status = 200; status < 1_000; status += 7) await request(gateway.port, { path: `/shop/${status}` });
  }

  async function series(): Promise<Map<string, string>[]> {
    const all = (await families()).filter(({ name }) => name.startsWith('gatehouse_'));
    return all.flatMap(({ samples }) => samples.map(({ labels, name }) => new Map([...labels, ['__name__', name]])));
  }

  it('no series is made but of names of the configuration and of fixed lists', async () => {
    await evil(1);
    await statuses();
    const before = await series();
    await evil(2);
    await statuses();
    const after = await series();
    // Ten of each kind came: one that reached a label would have given it ten values. A machine that is busy may give one, such as a code.
    const valuesOf = (label: string, all: readonly Map<string, string>[]) =>
      all.flatMap(labels => labels.get(label) ?? []);
    for (const label of new Set(after.flatMap(labels => [...labels.keys()]))) {
      const known = new Set(valuesOf(label, before));
      const added = new Set(valuesOf(label, after).filter(value => !known.has(value)));
      expect(added.size, `${label}: ${[...added].join(', ')}`).toBeLessThan(10);
    }

    const lists: Readonly<Record<string, readonly string[]>> = {
      listener: ['web', 'secure'],
      route: ['shop', 'limited', 'chat', 'dead', 'none'],
      upstream: ['shop', 'chat', 'dead'],
      backend: ['shop-a', 'chat-a', 'dead-a'],
      status: [...Object.keys(STATUS_CODES), '499', '1xx', '2xx', '3xx', '4xx', '5xx', 'other'],
      code: [...Object.keys(errorTable), 'application', 'none', 'other', '1000', '1001', '1005', '1011'],
    };
    const values = (label: string): Set<string> => new Set(valuesOf(label, after));
    for (const [label, list] of Object.entries(lists))
      expect(
        [...values(label)].filter(value => !list.includes(value)),
        label,
      ).toEqual([]);
    // They have come.
    expect(values('status').size).toBeGreaterThan(20);
    expect([...values('limit')]).toEqual(['security.rateLimit 1/1h per address']);
    const text = JSON.stringify(after.map(labels => [...labels])).toLowerCase();
    expect(text).not.toContain('evil');
  });
});
