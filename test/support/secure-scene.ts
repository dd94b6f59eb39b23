import { makeCertificate } from './certificate.js';
import { type InProcessGateway, type InProcessOptions, startInProcess } from './in-process.js';
import type { Server } from './scene.js';

/**
 * A gateway that listens with TLS, and so with HTTP/2, before one upstream, `app`, of these backends. `limits` are the listener's;
 * `others`: more of the file.
 */
export async function secureGatewayTo(
  backends: readonly Server[],
  {
    limits = {},
    others = {},
    upstream = {},
    ...options
  }: InProcessOptions & { limits?: object; others?: object; upstream?: object } = {},
): Promise<InProcessGateway> {
  const { certFile, keyFile } = await makeCertificate();
  return startInProcess(
    {
      listeners: [
        { name: 'web', host: '127.0.0.1', port: 0, tls: { certificates: [{ cert: certFile, key: keyFile }] }, limits },
      ],
      upstreams: {
        app: { backends: backends.map(server => (typeof server === 'string' ? server : server.url)), ...upstream },
      },
      ...others,
    },
    options,
  );
}
