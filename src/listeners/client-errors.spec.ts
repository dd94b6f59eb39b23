import { Counter } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { connectionScene } from '../../test/support/connection-scene.js';
import { RawClient } from '../../test/support/raw-client.js';
import { roadTo } from '../../test/support/road-scene.js';
import { socketPair } from '../../test/support/socket-pair.js';
import { TrustedProxies } from '../http/client-address.js';
import type { ExchangeRecord } from '../http/exchange-record.js';
import { RequestFieldRules } from '../http/request-field-rules.js';
import { Signature } from '../http/signature.js';
import { faults } from '../http1/fault.js';
import type { AccessLog } from '../logging/access-log.js';
import { ExchangeMetrics } from '../metrics/exchange-metrics.js';
import type { Exchange } from '../proxy/exchange.js';
import { Exchanges } from '../proxy/exchanges.js';
import { Locator } from '../proxy/locator.js';
import type { ResponseDefaults } from '../security/response-defaults.js';
import { ClientErrors, type Trouble } from './client-errors.js';

const times = { headerTimeout: 10_000, requestTimeout: 60_000 };
const listener = { name: 'web', scheme: 'http', port: 80, unix: false, draining: false } as const;

/** Errors of one connection, which has no exchange. */
async function clientErrors(responseDefaults?: ResponseDefaults) {
  const [client, socket] = await socketPair();
  const records: ExchangeRecord[] = [];
  const metrics = new ExchangeMetrics([1]);
  const signature = new Signature({ requestId: { header: 'x-request-id', echo: true }, instance: 'test' });
  const exchanges: Pick<Exchanges, 'responseDefaults' | 'signature'> = { responseDefaults, signature };
  const log: Pick<AccessLog, 'write'> = { write: record => void records.push(record) };
  const sut = new ClientErrors(exchanges as Exchanges, log as AccessLog, metrics);
  const counted = async (): Promise<unknown[]> => {
    const counter = new Counter({ name: 'x', help: 'x', labelNames: ['listener', 'route', 'status'], registers: [] });
    metrics.drainRequests(counter);
    return (await counter.get()).values.map(({ labels, value }) => [labels['listener'], labels['status'], value]);
  };
  return { sut, client: new RawClient(client), socket, records, counted };
}

/** Faults, and what a client is told of them. */
const told: [name: string, trouble: Trouble, status: number, detail: string, reason: string][] = [
  ['malformed', faults.noColon, 400, 'The message is not valid HTTP/1.1.', 'a field line without a colon'],
  ['cut short', faults.truncated, 400, 'The message is not valid HTTP/1.1.', faults.truncated.message],
  ['too long a target', faults.targetTooLong, 414, 'The request target is too long.', faults.targetTooLong.message],
  ['too large a head', faults.headTooLarge, 431, 'The header fields are too large.', faults.headTooLarge.message],
  ['late', 'late-head', 408, 'The request head did not arrive in time.', 'headerTimeout'],
];

describe('a message whose head cannot be read', () => {
  it.each(told)('is answered and logged: %s', async (_name, trouble, status, detail, reason) => {
    const { sut, client, socket, records, counted } = await clientErrors();
    sut.refuse(trouble, socket, listener, times);
    const answer = await client.response();
    const problem = JSON.parse(answer.text) as { detail: string; requestId: string };
    expect([answer.status, answer.header('connection'), problem.detail]).toEqual([status, 'close', detail]);
    expect(records).toMatchObject([{ status, errorReason: reason, clientIp: '127.0.0.1', listener: 'web', path: '-' }]);
    expect([answer.header('x-request-id'), problem.requestId]).toEqual([records[0]!.id, records[0]!.id]);
    expect(await counted()).toEqual([['web', String(status), 1]]);
  });

  it('of another version of HTTP gets 505', async () => {
    const { sut, client, socket } = await clientErrors();
    sut.refuse(faults.version, socket, listener, times);
    expect((await client.response()).status).toBe(505);
  });

  it('gets the fields that all responses get', async () => {
    const { sut, client, socket } = await clientErrors({ apply: headers => void headers.push('X-Own', 'yes') });
    sut.refuse(faults.noColon, socket, listener, times);
    expect((await client.response()).header('x-own')).toBe('yes');
  });

  it('is not logged where its client has gone', async () => {
    const { sut, socket, records, counted } = await clientErrors();
    socket.destroy();
    sut.refuse(faults.noColon, socket, listener, times);
    expect([records, await counted()]).toEqual([[], []]);
  });
});

describe('a request whose body cannot be read', () => {
  /** A request whose body is to come; its exchange is open. */
  async function upload() {
    const { sut } = await clientErrors();
    const road = await roadTo(['a']);
    const locator = new Locator(road.plans, road.config.security.validation);
    const signature = new Signature({ requestId: road.config.requestId, instance: 'test' });
    const log: Pick<AccessLog, 'write'> = { write: () => {} };
    const exchanges = new Exchanges(
      { current: { plans: road.plans, locator, fields: new RequestFieldRules(), signature } },
      new TrustedProxies([]),
      { isOver: () => false },
      log as AccessLog,
      new ExchangeMetrics([1]),
    );
    let exchange: Exchange | undefined;
    const scene = await connectionScene({
      begin: (message, connection) => (exchange = exchanges.begin(message, connection, listener)),
    });
    scene.client.send('POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n');
    await scene.tells(1);
    return { sut, scene, exchange: exchange! };
  }

  it.each<[Trouble, string, number, string | undefined]>([
    [faults.chunkSize, 'CLIENT_BODY', 400, faults.chunkSize.message],
    ['late-body', 'CLIENT_TIMEOUT', 408, 'requestTimeout'],
  ])('is answered: %s', async (trouble, code, status, reason) => {
    const { sut, scene, exchange } = await upload();
    sut.breakOff(trouble, scene.server, times);
    expect([(await scene.client.response()).status, exchange.error?.code, exchange.error?.reason]).toEqual([
      status,
      code,
      reason,
    ]);
    expect(await scene.client.closed()).toBe('end');
  });

  it('since its client has closed its side is one whose client has left', async () => {
    const { sut, scene, exchange } = await upload();
    sut.breakOff(faults.truncated, scene.server, times);
    await scene.isClosed();
    expect([scene.client.received.length, exchange.error?.code, exchange.status]).toEqual([0, 'CLIENT_ABORTED', 499]);
  });

  it('is left alone where it is over', async () => {
    const { sut, socket, client, records } = await clientErrors();
    sut.breakOff(faults.chunkSize, socket, times);
    sut.refuse('late-head', socket, listener, times);
    expect([(await client.response()).status, records.length]).toEqual([408, 1]);
  });
});
