import { CertificateFileError, expiryWarning, readAuthorities, readKeyPair } from '../key-pair.js';
import type { ListenerTlsConfig } from '../listener.config.js';
import type { Path } from '../findings.js';
import { items, type CheckContext } from './check.js';

/** Whether the files of a listener's `tls` can be served. Those that could not even be found have been reported already. */
export function checkTls(
  { report, warn }: CheckContext,
  { certificates, clientAuth }: ListenerTlsConfig,
  path: Path,
): void {
  for (const [index, { cert, key }] of items(certificates)) {
    if (cert === undefined || key === undefined) continue;
    const here = [...path, 'certificates', index];
    try {
      const message = expiryWarning(cert, readKeyPair({ cert, key }).leaf);
      if (message !== undefined) warn({ path: [...here, 'cert'], message });
    } catch (error) {
      report(problemOf(error, here));
    }
  }
  if (clientAuth?.ca === undefined) return;
  try {
    readAuthorities(clientAuth.ca);
  } catch (error) {
    report(problemOf(error, [...path, 'clientAuth']));
  }
}

function problemOf(error: unknown, path: Path): { path: Path; message: string } {
  if (!(error instanceof CertificateFileError)) throw error;
  return { path: [...path, error.key], message: error.message };
}
