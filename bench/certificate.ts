import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate with its key, as PEM files. */
export interface Certificate {
  readonly certFile: string;
  /** The name of the certificate's file and `.key`, where HAProxy looks for it. */
  readonly keyFile: string;
}

/** Writes a certificate for 127.0.0.1 that is signed by itself, with a P-256 key. */
export async function writeCertificate(folder: string): Promise<Certificate> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'bench' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  const certFile = join(folder, 'server.pem');
  const keyFile = `${certFile}.key`;
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return { certFile, keyFile };
}
