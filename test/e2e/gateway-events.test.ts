import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { expect, it } from 'vitest';
import {
  buildConfig,
  type Counter,
  type ExchangeEndEvent,
  type ExchangeEvent,
  Gateway,
  GatewayEvents,
  GatewayModule,
  InjectMetric,
  OnGatewayEvent,
  provideCounter,
} from '../../src/index.js';
import { streamSink } from '../../src/logging/sink.js';
import { request } from '../support/client.js';
import { platforms, startHostApp } from '../support/host-app.js';
import { eventually } from '../support/poll.js';
import { openWebSocket } from '../support/websocket-client.js';
import { startWebSocketBackend } from '../support/websocket-backend.js';

/** Customers by the keys that they send: a metric's label has few values, and never what clients send. */
const customers: Readonly<Record<string, string>> = { 'key-of-acme': 'acme', 'key-of-initech': 'initech' };

@Injectable()
class AnswersByCustomer {
  constructor(@InjectMetric('shop_answers_total') private readonly answers: Counter<'customer' | 'status'>) {}

  @OnGatewayEvent('exchange.end')
  count({ headers, status }: ExchangeEndEvent): void {
    const customer = customers[String(headers['x-api-key'])] ?? 'unknown';
    this.answers.inc({ customer, status: String(status) });
  }
}

@Injectable()
class Notes {
  readonly told: string[] = [];

  @OnGatewayEvent('tunnel.open')
  @OnGatewayEvent('tunnel.close')
  tunnel({ path, upstream }: ExchangeEvent): void {
    this.told.push(`tunnel ${path} ${upstream}`);
  }

  @OnGatewayEvent('drain')
  drain(): void {
    this.told.push('drain');
  }

  @OnGatewayEvent('reload')
  reload({ changes }: { readonly changes: readonly string[] }): void {
    this.told.push(`reload ${changes.length}`);
  }

  @OnGatewayEvent('exchange.end')
  async rejects(): Promise<void> {
    await Promise.reject(new Error('later'));
  }

  @OnGatewayEvent('exchange.end', 'another')
  notThis(): void {
    this.told.push('of another gateway');
  }
}

/** Stands for that of `@nestjs/event-emitter`, which provides a class of this name. */
class EventEmitter2 extends EventEmitter {}

it.each(platforms)(
  'an application on %s hears of what its gateway does, and what its listeners throw hurts no exchange',
  async platform => {
    const backend = await startWebSocketBackend();
    const plain = {
      listeners: [{ host: '127.0.0.1', port: 0 }],
      upstreams: { sockets: { backends: [`http://127.0.0.1:${backend.port}`] } },
      routes: [
        { match: { path: '/ws' }, upstream: 'sockets' },
        { match: { path: '/*' }, respond: { body: 'ok' } },
      ],
      admin: { port: 0 },
    };
    let log = '';
    const sink = new PassThrough().on('data', (chunk: Buffer) => (log += chunk.toString()));
    const { app } = await startHostApp(platform, {
      imports: [GatewayModule.forRoot({ config: buildConfig(plain), logSink: streamSink(sink), isGlobal: true })],
      providers: [
        AnswersByCustomer,
        Notes,
        EventEmitter2,
        provideCounter({ name: 'shop_answers_total', help: 'Answers.', labelNames: ['customer', 'status'] }),
      ],
    });
    const gateway = app.get(Gateway);
    const { told } = app.get(Notes);
    const emitted: ExchangeEndEvent[] = [];
    app.get(EventEmitter2).on('gateway.exchange.end', (event: ExchangeEndEvent) => emitted.push(event));
    const off = app.get(GatewayEvents).on('exchange.end', () => {
      throw new Error('at once');
    });
    const port = gateway.listeners[0]!.port!;
    expect((await request(port, { path: '/a?b', headers: { 'x-api-key': 'key-of-acme' } })).text).toBe('ok');
    await eventually(() => emitted.length === 1);
    expect(emitted[0]).toMatchObject({
      method: 'GET',
      path: '/a',
      status: 200,
      attempts: 0,
      error: undefined,
      route: '/*',
    });
    await eventually(() => log.includes('at once') && log.includes('later'));
    off();
    expect((await request(port)).text).toBe('ok');

    const socket = await openWebSocket(port, { path: '/ws' });
    await eventually(() => told.length === 1);
    socket.socket.close();
    await eventually(() => told.length === 2);
    await gateway.apply(buildConfig({ ...plain, routes: [...plain.routes, { match: { path: '/b' }, respond: {} }] }));
    const metrics = await request(Number(new URL(gateway.adminUrl).port), { path: '/metrics' });
    expect(metrics.text).toContain('shop_answers_total{customer="acme",status="200"} 1');
    expect(metrics.text).toContain('shop_answers_total{customer="unknown",status="200"} 1');
    await app.close();
    expect(told).toEqual(['tunnel /ws sockets', 'tunnel /ws sockets', 'reload 1', 'drain']);
  },
);
