import { hash } from 'node:crypto';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { describe, expect, it } from 'vitest';
import { buildConfig, DeniedFilter, Gateway, type Identity, PolicyGuard, RequestIdentity } from '../../src/index.js';
import { request, type Response } from '../support/client.js';
import { type HostApp, hostedGateway, platforms, startHostApp } from '../support/host-app.js';
import { Bare } from '../support/own-controllers.js';

@Controller('guarded')
@UseGuards(PolicyGuard)
class Guarded {
  @Get()
  get(@RequestIdentity() identity: Identity): string {
    return `for ${identity.subject}`;
  }
}

/** It does not import the gateway. */
@Module({ controllers: [Guarded] })
class FeatureModule {}

const secured = (limit: number): object => ({
  listeners: [{ name: 'web', host: '127.0.0.1', port: 0 }],
  admin: { port: 0 },
  routes: [{ respond: {} }],
  security: {
    rateLimit: { limit, per: '1m', key: 'header:x-key' },
    auth: { apiKey: { header: 'x-api-key', keys: [{ id: 'partner', sha256: hash('sha256', 'secret') }] } },
    cors: { origins: ['https://app.example'] },
    headers: {},
  },
});

/** Asks with the key that is known: `own` a controller of the application, `through` a route of the gateway. */
const asking = ({ app, port }: HostApp, own: string) => {
  const listener = app.get(Gateway).listeners[0]!.port!;
  const ask = (to: number, path: string, key: string, secret = 'secret'): Promise<Response> =>
    request(to, { path, headers: { 'x-api-key': secret, 'x-key': key } });
  return {
    own: (key: string, secret?: string) => ask(port, own, key, secret),
    through: (key: string, secret?: string) => ask(listener, '/', key, secret),
  };
};

describe.each(platforms)('PolicyGuard on a controller of one’s own, on %s', platform => {
  it('asks what the configuration says under security, counts together with the routes, and follows changes', async () => {
    const host = await startHostApp(platform, { imports: [hostedGateway(secured(3)), FeatureModule] });
    const { own, through } = asking(host, '/guarded');
    expect((await own('a')).text).toBe('for partner');
    const unknown = await own('a', 'guessed');
    expect([unknown.status, unknown.json()]).toMatchObject([401, { status: 401, type: 'urn:gatehouse:error:DENIED' }]);
    expect(unknown.header('www-authenticate')).toMatch(/./);
    expect((await through('a')).status).toBe(200);
    const refused = await own('a');
    expect([refused.status, refused.header('retry-after'), refused.header('x-gateway-error')]).toEqual([
      429,
      '20',
      'DENIED',
    ]);
    expect((await through('a')).status).toBe(429);
    await host.app.get(Gateway).apply(buildConfig(secured(1)));
    expect([(await own('b')).status, (await own('b')).status, (await through('b')).status]).toEqual([200, 429, 429]);
  });

  it('holds for the whole application as APP_GUARD, and leaves what passes through the gateway to its routes', async () => {
    const host = await startHostApp(platform, {
      imports: [hostedGateway(secured(2))],
      controllers: [Bare],
      providers: [
        { provide: APP_GUARD, useClass: PolicyGuard },
        { provide: APP_FILTER, useClass: DeniedFilter },
      ],
    });
    const { own, through } = asking(host, '/bare');
    expect([(await through('a')).status, (await through('a')).status, (await own('a')).status]).toEqual([
      200, 200, 429,
    ]);
    const refused = await own('a');
    expect(refused.header('content-type')).toMatch(/^application\/problem\+json/);
    expect(refused.json()).toMatchObject({ status: 429, detail: 'Too many requests.' });
    expect((await own('b')).text).toBe('ok');
  });
});

it('PolicyGuard stops the start of an application that has no gateway', async () => {
  await expect(startHostApp('Express', { imports: [FeatureModule] })).rejects.toThrow(/PolicyGuard/);
});
