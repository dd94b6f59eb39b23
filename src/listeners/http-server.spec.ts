import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate, type Certificate } from '../../test/support/certificate.js';
import { closeLater } from '../../test/support/cleanup.js';
import { request } from '../../test/support/client.js';
import { ClientRequest } from './client-request.js';
import { createHttpServer } from './http-server.js';

let certificate: Certificate;
beforeAll(async () => {
  certificate = await makeCertificate();
});

/** The port of a server that answers with the kind of its requests. `http2`: whether it speaks that, over TLS; undefined: in clear text. */
async function serve(http2: boolean | undefined): Promise<number> {
  const secure = http2 === undefined ? undefined : { http2, cert: certificate.cert, key: certificate.key };
  const server = createHttpServer({}, secure).on('request', (message, response) => {
    response.end(message instanceof ClientRequest ? 'joined' : 'as Node has it');
  });
  server.listen(0, '127.0.0.1');
  closeLater(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** The protocol that a client which offers these agrees on with the server, or why it agrees on none. */
async function agreed(port: number, ...ALPNProtocols: string[]): Promise<string | false | null> {
  const socket = connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost', ALPNProtocols });
  closeLater(() => socket.destroy());
  return once(socket, 'secureConnect').then(
    () => socket.alpnProtocol,
    (error: NodeJS.ErrnoException) => error.code ?? null,
  );
}

describe('the server of a listener', () => {
  it('joins the pieces of bodies, in clear text and over TLS', async () => {
    expect((await request(await serve(undefined))).text).toBe('joined');
    const tls = { ca: certificate.cert, servername: 'localhost' };
    expect((await request(await serve(false), { tls })).text).toBe('joined');
  });

  it('agrees on HTTP/2 where it is to speak that, and with no client that knows neither protocol', async () => {
    const [both, one] = [await serve(true), await serve(false)];
    expect(await agreed(both, 'http/1.1', 'h2')).toBe('h2');
    expect(await agreed(both, 'http/1.1')).toBe('http/1.1');
    expect(await agreed(one, 'h2', 'http/1.1')).toBe('http/1.1');
    expect(await agreed(one, 'h2')).toBe('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL');
  });
});
