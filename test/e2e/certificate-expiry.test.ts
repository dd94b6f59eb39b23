import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { expect, it } from 'vitest';
import { startGateway } from '../support/program.js';
import { tempFolder } from '../support/temp.js';

it('a certificate that expires soon is told of once when the gateway starts, however many listeners serve it', async () => {
  const folder = await tempFolder();
  const [cert, key] = [join(folder, 'a.pem'), join(folder, 'a.key')];
  const notAfterDate = new Date(Date.now() + 10 * 24 * 60 * 60 * 1000);
  const pems = await generate(undefined, { keyType: 'ec', algorithm: 'sha256', notAfterDate });
  await writeFile(cert, pems.cert);
  await writeFile(key, pems.private, { mode: 0o600 });
  const listener = { host: '127.0.0.1', port: 0, tls: { certificates: [{ cert, key }] } };
  const gateway = await startGateway({
    listeners: [
      { name: 'web', ...listener },
      { name: 'other', ...listener },
    ],
    upstreams: { app: { backends: ['http://127.0.0.1:9'] } },
  });
  const lines = gateway.logs().filter(({ msg }) => msg?.includes('expires in'));
  expect(lines).toMatchObject([{ level: 40, listener: 'web' }]);
});
