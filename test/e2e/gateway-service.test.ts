import { Controller, Get } from '@nestjs/common';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { expect, it } from 'vitest';
import { GatewayModule, GatewayService, UpstreamHealthIndicator } from '../../src/index.js';
import { request } from '../support/client.js';
import { platforms, startHostApp } from '../support/host-app.js';

@Controller('health')
class Health {
  constructor(
    private readonly health: HealthCheckService,
    private readonly upstreams: UpstreamHealthIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.upstreams.check('orders')]);
  }
}

it.each(platforms)('code of an application on %s drains backends, and its Terminus says so', async platform => {
  const config = { upstreams: { orders: { backends: [{ id: 'a', url: 'http://127.0.0.1:9' }] } } };
  const gateway = GatewayModule.forRoot({ config, listeners: false, admin: { listener: false }, isGlobal: true });
  const imports = [gateway, TerminusModule.forRoot({ logger: false })];
  const { app, port } = await startHostApp(platform, { imports, controllers: [Health] });
  const ask = () => request(port, { path: '/health' });
  expect((await ask()).json()).toMatchObject({ status: 'ok', info: { orders: { status: 'up', available: 1 } } });
  const { control, upstreams } = app.get(GatewayService);
  control.drain('orders', 'a');
  expect(upstreams.get('orders').available).toEqual([]);
  const drained = await ask();
  expect([drained.status, drained.json()]).toMatchObject([503, { error: { orders: { status: 'down', backends: 1 } } }]);
  control.undrain('orders', 'a');
  expect((await ask()).status).toBe(200);
});
