import { HttpException, Injectable, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ConnectedSocket, MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  Answer,
  GatewayError,
  type Identity,
  policiesGuard,
  type PolicyContext,
  PolicyGuard,
  RequestIdentity,
  type RequestPolicy,
  UsePolicies,
  type Verdict,
} from '../../src/index.js';
import { hostedGateway, startHostApp } from '../support/host-app.js';
import { type NestSocket, socketAdapters } from '../support/nest-sockets.js';
import { policiesBy } from '../support/own-controllers.js';
import { eventually } from '../support/poll.js';

/** Finds the user in `X-User` of the handshake, and what else policies see of it; takes the field away as authentication does. */
@Injectable()
class KnownUser implements RequestPolicy {
  async check(request: PolicyContext): Promise<Verdict> {
    await Promise.resolve();
    const { clientIp, headers, host, method, path, protocol, query, rawHeaders, scheme } = request;
    const subject = String(headers['x-user']);
    if (subject !== 'ann')
      return new GatewayError('DENIED', 'You are not known.', undefined, 401, ['WWW-Authenticate', 'One']);
    const named = rawHeaders.some(name => name.toLowerCase() === 'x-user');
    const claims = { clientIp, host, method, named, path, protocol, query, scheme };
    request.identity = { scheme: 'own', subject, claims };
    request.setRequestHeader('X-User');
    request.setResponseHeader('X-Checked', 'yes');
    return undefined;
  }
}

/** Says no to what a message says, as it is told to. */
class NoBadData implements RequestPolicy {
  check(request: PolicyContext): Verdict {
    return request.headers['x-user'] === undefined ? undefined : new GatewayError('DENIED', 'not behind KnownUser');
  }

  checkBody(_: PolicyContext, body: Buffer): Verdict {
    switch (String(body)) {
      case '{"is":"bad"}':
        return new GatewayError('DENIED', 'Bad.', undefined, 422, [], [{ detail: 'is bad', pointer: '#/is' }]);
      case '"worse"':
        throw new HttpException('Worse.', 422);
      case '"tea"':
        return new Answer({ status: 418, headers: ['X-Answer', '1'], body: 'tea' });
      case '"fault"':
        throw new TypeError('a fault');
      default:
        return undefined;
    }
  }
}

const LIMITED = Symbol('limited');
const ONE_AT_ONCE = Symbol('one at once');

@WebSocketGateway()
@UsePolicies(KnownUser)
class Chat {
  static readonly connected: unknown[] = [];

  handleConnection(client: unknown): void {
    Chat.connected.push(client);
  }

  @SubscribeMessage('who')
  who(@RequestIdentity() identity: Identity, @MessageBody() data: unknown): unknown {
    return { event: 'who', data: { ...identity, data } };
  }

  @SubscribeMessage('data')
  @UsePolicies(new NoBadData())
  data(@MessageBody() data: unknown): unknown {
    return { event: 'data', data };
  }

  @SubscribeMessage('limited')
  @UsePolicies(LIMITED)
  limited(): unknown {
    return { event: 'limited', data: 'ok' };
  }

  @SubscribeMessage('one')
  @UsePolicies(ONE_AT_ONCE)
  one(): unknown {
    return { event: 'one', data: 'ok' };
  }

  @SubscribeMessage('throws')
  throws(): unknown {
    // oxlint-disable-next-line typescript/only-throw-error -- a handler may, behind policies.
    throw new GatewayError('DENIED', 'Not today.', undefined, 403);
  }
}

/** Guarded by what the configuration of the gateway says. */
@WebSocketGateway()
@UseGuards(PolicyGuard)
class Configured {
  @SubscribeMessage('configured')
  configured(): unknown {
    return { event: 'configured', data: 'ok' };
  }
}

/** Its `handleConnection` hides the one of its class. */
@WebSocketGateway()
@UsePolicies(KnownUser)
class Hiding {
  readonly handleConnection = (): void => {};

  @SubscribeMessage('hiding')
  hiding(): unknown {
    return { event: 'hiding', data: 'ok' };
  }
}

/** It has no `handleConnection`, and no policies but those of the application. */
@WebSocketGateway()
class Plain {
  @SubscribeMessage('plain')
  plain(@ConnectedSocket() client: unknown, @RequestIdentity() identity: Identity): unknown {
    return { event: 'plain', data: [typeof client, identity.subject] };
  }
}

describe.each([
  ['ws', 'Express'],
  ['socket.io', 'Fastify'],
] as const)('a gateway of one’s own over %s, on %s', (adapter, platform) => {
  const { install, open } = socketAdapters[adapter];
  let port: number;
  const ann = (fields: Record<string, string> = {}): Promise<NestSocket> => open(port, { 'x-user': 'ann', ...fields });

  beforeAll(async () => {
    Chat.connected.length = 0;
    const metadata = {
      imports: [hostedGateway()],
      providers: [
        Chat,
        KnownUser,
        policiesBy(LIMITED, { rateLimit: { limit: 2, per: '1m', key: 'header:x-key' } }),
        policiesBy(ONE_AT_ONCE, { concurrency: { limit: 1, key: 'header:x-key' } }),
      ],
    };
    ({ port } = await startHostApp(platform, metadata, {}, install));
  });

  it('is guarded by policies, which see the handshake with each message', async () => {
    const client = await ann({ host: 'Shop.example:80' });
    const seen = {
      scheme: 'own',
      subject: 'ann',
      claims: expect.objectContaining({
        clientIp: '127.0.0.1',
        host: 'shop.example',
        method: 'GET',
        named: true,
        protocol: 'websocket',
        query: expect.stringContaining('room=1') as string,
        scheme: 'http',
      }) as object,
      data: 1,
    };
    expect(await client.ask('who', 1)).toEqual({ event: 'who', data: seen });
    expect(await client.ask('who', 1)).toEqual({ event: 'who', data: seen });
    expect(Chat.connected).toHaveLength(1);
  });

  it('sees the client that a proxy names which the platform trusts', async () => {
    const client = await ann({ 'x-forwarded-for': '203.0.113.9, 198.51.100.7', 'x-forwarded-proto': 'https' });
    const { data } = await client.ask('who');
    expect(data).toMatchObject({ claims: { clientIp: '198.51.100.7', scheme: 'https' } });
  });

  it('answers a denial with an exception that says what an HTTP response would say', async () => {
    const client = await open(port, { 'x-user': 'eve' });
    expect(await client.ask('who')).toEqual({
      event: 'exception',
      data: {
        status: 401,
        code: 'DENIED',
        detail: 'You are not known.',
        message: 'You are not known.',
        requestId: expect.stringMatching(/^[\da-f-]{36}$/) as string,
        headers: { 'www-authenticate': 'One' },
      },
    });
  });

  it('has the data of messages looked at, by what a policy returns or throws', async () => {
    const client = await ann();
    expect(await client.ask('data', { is: 'good' })).toEqual({ event: 'data', data: { is: 'good' } });
    const told = async (data: unknown): Promise<unknown> => (await client.ask('data', data)).data;
    expect(await told({ is: 'bad' })).toMatchObject({ status: 422, detail: 'Bad.', errors: [{ pointer: '#/is' }] });
    expect(await told('worse')).toMatchObject({ status: 422, code: 'DENIED', message: 'Worse.' });
    expect(await told('tea')).toMatchObject({
      status: 418,
      code: 'ANSWERED',
      body: 'tea',
      headers: { 'x-answer': '1' },
    });
    expect(await told('fault')).toMatchObject({ status: 'error', message: 'Internal server error' });
    expect(await client.ask('throws')).toMatchObject({
      event: 'exception',
      data: { status: 403, detail: 'Not today.' },
    });
  });

  it('has its messages counted by the limits of a gateway', async () => {
    const [one, other] = [await ann({ 'x-key': 'a' }), await ann({ 'x-key': 'a' })];
    expect((await one.ask('limited')).data).toBe('ok');
    expect((await other.ask('limited')).data).toBe('ok');
    const { event, data } = await one.ask('limited');
    expect([event, data]).toEqual([
      'exception',
      expect.objectContaining({ status: 429, headers: { 'retry-after': '30' } }),
    ]);
    expect((await (await ann({ 'x-key': 'b' })).ask('limited')).data).toBe('ok');
  });

  it('counts once among what is in flight, for as long as its socket is open', async () => {
    const [one, other] = [await ann({ 'x-key': 'c' }), await ann({ 'x-key': 'c' })];
    for (let i = 0; i < 3; i++) expect((await one.ask('one')).data).toBe('ok');
    expect((await other.ask('one')).data).toMatchObject({ status: 429 });
    one.close();
    await eventually(async () => expect((await other.ask('one')).data).toBe('ok'));
    expect((await (await ann({ 'x-key': 'c' })).ask('one')).data).toMatchObject({ status: 429 });
  });

  it('obeys what the configuration of the gateway says', async () => {
    const security = { rateLimit: { limit: 1, per: '1m', key: 'header:x-key' } };
    const metadata = { imports: [hostedGateway({ security })], providers: [Configured] };
    const own = await startHostApp(platform, metadata, {}, install);
    const client = await open(own.port, { 'x-key': 'a', 'x-user': 'ann' });
    expect((await client.ask('configured')).data).toBe('ok');
    expect((await client.ask('configured')).data).toMatchObject({ status: 429, headers: { 'retry-after': '60' } });
  });

  it('lets no message pass about whose handshake nothing is known', async () => {
    const own = await startHostApp(platform, { providers: [Hiding] }, {}, install);
    const { event } = await (await open(own.port, { 'x-user': 'ann' })).ask('hiding');
    // `ws` tells of the handshake by handleConnection alone.
    expect(event).toBe(adapter === 'ws' ? 'exception' : 'hiding');
  });

  it('obeys the policies of the whole application', async () => {
    const metadata = { providers: [Plain, { provide: APP_GUARD, useClass: policiesGuard(KnownUser) }] };
    const own = await startHostApp(platform, metadata, {}, install);
    expect(await (await open(own.port, { 'x-user': 'ann' })).ask('plain')).toEqual({
      event: 'plain',
      data: ['object', 'ann'],
    });
    expect(await (await open(own.port, {})).ask('plain')).toMatchObject({ event: 'exception', data: { status: 401 } });
  });
});
