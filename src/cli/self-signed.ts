import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';

const day = 24 * 60 * 60 * 1000;

/** A self-signed certificate for this machine, in temporary files. */
export interface SelfSigned {
  readonly cert: string;
  readonly key: string;
  /** SHA-256 in the form that browsers show: `AB:CD:…`. */
  readonly fingerprint: string;
}

/**
 * Makes a certificate for `localhost`, 127.0.0.1 and ::1, valid for 90 days. Its files are in a temporary folder that only this
 * user can read, and are removed when the process ends.
 */
export async function makeSelfSigned(): Promise<SelfSigned> {
  // Valid since one minute ago, because clocks differ.
  const notBeforeDate = new Date(Date.now() - 60_000);
  const pems = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate,
    notAfterDate: new Date(notBeforeDate.getTime() + 90 * day),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-tls-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const [cert, key] = [join(folder, 'localhost.pem'), join(folder, 'localhost.key')];
  writeFileSync(cert, pems.cert, { mode: 0o600 });
  writeFileSync(key, pems.private, { mode: 0o600 });
  return { cert, key, fingerprint: new X509Certificate(pems.cert).fingerprint256 };
}
