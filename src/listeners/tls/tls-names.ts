import type { X509Certificate } from 'node:crypto';

/** The DNS names for which a certificate is valid, in lower case: its subjectAltName; a common name does not count (RFC 9525 §6.3). */
export function namesOf(certificate: X509Certificate): string[] {
  const names: string[] = [];
  // Names with characters that no DNS name has are shown in quotes, and do not match.
  for (const entry of certificate.subjectAltName?.split(', ') ?? []) {
    const name = /^DNS:((?:\*\.)?[\w.-]+)$/.exec(entry)?.[1];
    if (name !== undefined) names.push(name.toLowerCase());
  }
  return names;
}

/** Chooses values by the name that a client asks for (SNI, RFC 6066 §3). When two values have the same name, the first that was added. */
export class ByServerName<T> {
  readonly #exact = new Map<string, T>();
  readonly #wildcards = new Map<string, T>();

  add(names: readonly string[], value: T): void {
    for (const name of names) {
      const map = name.startsWith('*.') ? this.#wildcards : this.#exact;
      const key = name.startsWith('*.') ? name.slice(2) : name;
      if (!map.has(key)) map.set(key, value);
    }
  }

  /** An exact name comes before a wildcard; `*.example` matches `a.example` and not `b.a.example` (RFC 9525 §6.3). */
  find(serverName: string): T | undefined {
    const name = serverName.toLowerCase();
    const dot = name.indexOf('.');
    return this.#exact.get(name) ?? (dot > 0 ? this.#wildcards.get(name.slice(dot + 1)) : undefined);
  }
}
