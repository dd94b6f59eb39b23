import type { IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import net, { type AddressInfo, Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closeLater } from '../../../test/support/cleanup.js';
import { forget, identify, introduce, introductionOf, peerOf } from './client-connection.js';
import type { ListenerInfo } from './listener-info.js';

const tcp: ListenerInfo = { name: 'web', scheme: 'http', port: 80, unix: false, draining: false };
const unix: ListenerInfo = { ...tcp, port: undefined, unix: true };
const unknown = { peer: undefined, prelude: 0, certificate: undefined };

describe('the other end of a connection', () => {
  /** The server's end of a connection. */
  async function accepted(): Promise<Socket> {
    const server = net.createServer().listen(0, '127.0.0.1');
    closeLater(() => server.close());
    await once(server, 'listening');
    const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    closeLater(() => client.destroy());
    const [socket] = (await once(server, 'connection')) as [Socket];
    return socket;
  }

  it('is the address of its socket', async () => expect(peerOf(await accepted(), tcp)).toBe('127.0.0.1'));

  it('is nothing where its socket is gone before it was asked for', async () => {
    const socket = await accepted();
    socket.destroy();
    expect(peerOf(socket, tcp)).toBeUndefined();
  });

  it('is called unix on a unix socket', () => expect(peerOf(new Socket(), unix)).toBe('unix'));

  it('is what a trusted proxy has told, also where that is nothing', () => {
    const socket = new Socket();
    introduce(socket, { ...unknown, peer: { address: '192.0.2.1' } });
    expect([peerOf(socket, tcp), peerOf(socket, unix)]).toEqual(['192.0.2.1', '192.0.2.1']);
    introduce(socket, { ...unknown, peer: { address: undefined } });
    expect(peerOf(socket, unix)).toBeUndefined();
  });

  it('is known by what was noted last, on this connection only', () => {
    const [socket, other] = [new Socket(), new Socket()];
    introduce(socket, { ...unknown, prelude: 28 });
    expect([introductionOf(socket)?.prelude, introductionOf(other)]).toEqual([28, undefined]);
    introduce(other, unknown);
    expect(peerOf(other, unix)).toBe('unix');
  });
});

describe('the certificate of a client', () => {
  function identified(certificate: { subject: string; fingerprint: string } | undefined) {
    const sent = new Map<string, string | undefined>();
    const fields: IncomingHttpHeaders = {
      host: 'a',
      'x-client-cert-subject': 'CN=forged',
      'x-client-cert-fingerprint': '00',
    };
    identify({ setRequestHeader: (name, value) => sent.set(name, value) }, fields, certificate);
    return { sent: Object.fromEntries(sent), fields };
  }

  it('is told to backends and to policies in place of what the client claims', () => {
    const { sent, fields } = identified({ subject: 'CN=alice', fingerprint: 'ab' });
    expect(sent).toEqual({ 'X-Client-Cert-Subject': 'CN=alice', 'X-Client-Cert-Fingerprint': 'ab' });
    expect(fields).toEqual({ host: 'a', 'x-client-cert-subject': 'CN=alice', 'x-client-cert-fingerprint': 'ab' });
  });

  it('is none where it has proved none: what it claims is taken away', () => {
    const { sent, fields } = identified(undefined);
    expect(sent).toEqual({ 'X-Client-Cert-Subject': undefined, 'X-Client-Cert-Fingerprint': undefined });
    expect(fields).toEqual({ host: 'a' });
  });
});

describe('a field that a client may not send', () => {
  it('is forgotten, and no other', () => {
    const fields: IncomingHttpHeaders = { host: 'a', 'x-real-ip': '192.0.2.1' };
    forget(fields, ['x-real-ip', 'x-absent']);
    expect(fields).toEqual({ host: 'a' });
  });
});
