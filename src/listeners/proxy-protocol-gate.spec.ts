import { once } from 'node:events';
import pino from 'pino';
import { Counter } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { socketPair } from '../../test/support/socket-pair.js';
import { TrustedProxies } from '../http/client-address.js';
import { ConnectionMetrics } from '../metrics/connection-metrics.js';
import { introductionOf } from '../proxy/client/client-connection.js';
import { ProxyProtocolGate } from './proxy-protocol-gate.js';

const header = 'PROXY TCP4 203.0.113.7 10.0.0.1 12345 443\r\n';

/** A connection before the gate, of a proxy on loopback. */
async function arriving({ trusts = ['127.0.0.1'], unix = false, timeout = 0, trustUnknown = false } = {}) {
  const refusals = new Counter({ name: 'x', help: 'x', labelNames: ['listener', 'reason'], registers: [] });
  const gate = new ProxyProtocolGate({
    listener: 'web',
    unix,
    timeout,
    trusted: new TrustedProxies(trusts),
    trustUnknown,
    metrics: new ConnectionMetrics(refusals),
    log: pino({ level: 'silent' }),
  });
  const [proxy, socket] = await socketPair();
  const admitted = new Promise<void>(resolve => gate.admit(socket, resolve));
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
  /** Why the connection was refused. */
  const refusedFor = async () => {
    await Promise.race([closed, admitted.then(() => expect.fail('the connection was admitted'))]);
    return (await refusals.get()).values.map(({ labels, value }) => [labels['listener'], labels['reason'], value]);
  };
  return { proxy, socket, admitted, refusedFor };
}

describe('the gate of a listener behind a proxy', () => {
  it('lets a connection in when its header is whole, in any pieces, and leaves what follows to HTTP', async () => {
    const { proxy, socket, admitted } = await arriving();
    for (const byte of `${header}GET`) proxy.write(byte);
    await admitted;
    expect(introductionOf(socket)).toEqual({
      peer: { address: '203.0.113.7' },
      prelude: header.length,
      certificate: undefined,
      clientUnknown: false,
    });
    let rest = '';
    socket.on('data', (chunk: Buffer) => (rest += String(chunk)));
    proxy.end(' / HTTP/1.1');
    await once(socket, 'end');
    expect(rest).toBe('GET / HTTP/1.1');
  });

  it('takes the client for unknown where the proxy does not name it, unless the proxy is trusted in that', async () => {
    for (const trustUnknown of [false, true]) {
      const { proxy, socket, admitted } = await arriving({ trustUnknown });
      proxy.write('PROXY UNKNOWN\r\n');
      await admitted;
      expect(introductionOf(socket)).toMatchObject({ peer: undefined, clientUnknown: !trustUnknown });
    }
  });

  it('trusts the other end of a unix socket', async () => {
    const { proxy, admitted } = await arriving({ trusts: [], unix: true });
    proxy.write(header);
    await admitted;
  });

  it('refuses a connection that no trusted proxy makes, without waiting for a header', async () => {
    const { refusedFor } = await arriving({ trusts: ['10.0.0.0/8'] });
    expect(await refusedFor()).toEqual([['web', 'proxy-untrusted', 1]]);
  });

  it('refuses what does not begin with a header', async () => {
    const { proxy, refusedFor } = await arriving();
    proxy.write('GET / HTTP/1.1\r\n\r\n');
    expect(await refusedFor()).toEqual([['web', 'proxy-malformed', 1]]);
  });

  it('refuses a header that does not come in time, and one that breaks off, with an end or a reset', async () => {
    const late = await arriving({ timeout: 20 });
    late.proxy.write('PROXY');
    expect(await late.refusedFor()).toEqual([['web', 'proxy-timeout', 1]]);
    for (const leave of ['end', 'resetAndDestroy'] as const) {
      const { proxy, refusedFor } = await arriving();
      proxy.write('PROXY');
      proxy[leave]();
      expect(await refusedFor()).toEqual([['web', 'proxy-closed', 1]]);
    }
  });
});
