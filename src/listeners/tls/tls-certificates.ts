import { createHash } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { expiryWarning, readAuthorities, readKeyPair, type KeyPair } from '../../tls/key-pair.js';
import { contextOptions, type ListenerTls } from './tls-settings.js';
import { ByServerName, namesOf } from './tls-names.js';

/** The result of reading the files again. */
interface Reloaded {
  /** Files whose new content is served from now on. */
  readonly changed: readonly string[];
  /** One line for each file that cannot be used; its previous content is still served. */
  readonly failures: readonly string[];
}

/** The certificates that a listener serves now. */
export class TlsCertificates {
  #pairs: readonly KeyPair[] = [];
  #authorities: string | undefined;
  #contexts = new ByServerName<SecureContext>();

  constructor(private readonly settings: ListenerTls) {}

  /** The paths of all files that are read. */
  get files(): readonly string[] {
    const { certificates, clientAuth } = this.settings;
    return [
      ...certificates.flatMap(({ cert, key }) => [cert, key]),
      ...(clientAuth === undefined ? [] : [clientAuth.ca]),
    ];
  }

  /** A digest of all by which clients are admitted: the settings, and what the files say now. */
  get terms(): Uint8Array {
    const files = [...this.#pairs.flatMap(({ cert, key }) => [cert, key]), this.#authorities];
    return createHash('sha256')
      .update(JSON.stringify([this.settings, files]))
      .digest();
  }

  /** When each expires, in seconds since 1970, and the names that it is for. */
  get expiries(): { readonly certificate: string; readonly expiry: number; readonly names: readonly string[] }[] {
    return this.#pairs.map(({ leaf }, index) => ({
      certificate: this.settings.certificates[index]!.cert,
      expiry: leaf.validToDate.getTime() / 1000,
      names: namesOf(leaf),
    }));
  }

  /** One line for each file whose certificate expires soon, without files for which `isKnown` is true. */
  warnings(isKnown: (file: string) => boolean): Iterable<string> {
    return new Set(
      this.#pairs.flatMap(({ leaf }, index) => {
        const file = this.settings.certificates[index]!.cert;
        return isKnown(file) ? [] : (expiryWarning(file, leaf) ?? []);
      }),
    );
  }

  /** The certificate for clients that ask for no name, or for an unknown one. */
  get defaults(): SecureContextOptions {
    return contextOptions(this.settings, this.#pairs[0]!, this.#authorities);
  }

  /** @throws CertificateFileError with one line for the first file that cannot be used. */
  load(): void {
    const { certificates, clientAuth } = this.settings;
    this.#pairs = certificates.map(files => readKeyPair(files));
    this.#authorities = clientAuth && readAuthorities(clientAuth.ca);
    this.#compile();
  }

  /** Reads the files again. A file that cannot be used changes nothing. Never throws. */
  reload(): Reloaded {
    const changed: string[] = [];
    const failures: string[] = [];
    const attempt = <T>(read: () => T, before: T, same: (value: T) => boolean, file: string): T => {
      try {
        const value = read();
        if (same(value)) return before;
        changed.push(file);
        return value;
      } catch (error) {
        failures.push((error as Error).message);
        return before;
      }
    };
    this.#pairs = this.settings.certificates.map((files, index) => {
      const before = this.#pairs[index]!;
      return attempt(
        () => readKeyPair(files),
        before,
        ({ cert, key }) => cert === before.cert && key === before.key,
        files.cert,
      );
    });
    const { clientAuth } = this.settings;
    if (clientAuth !== undefined) {
      const before = this.#authorities;
      const read = (): string | undefined => readAuthorities(clientAuth.ca);
      this.#authorities = attempt(read, before, text => text === before, clientAuth.ca);
    }
    if (changed.length > 0) this.#compile();
    return { changed, failures };
  }

  /** The context for a name; undefined for the default. */
  contextFor(serverName: string): SecureContext | undefined {
    return this.#contexts.find(serverName);
  }

  #compile(): void {
    const contexts = new ByServerName<SecureContext>();
    for (const pair of this.#pairs) {
      contexts.add(namesOf(pair.leaf), createSecureContext(contextOptions(this.settings, pair, this.#authorities)));
    }
    this.#contexts = contexts;
  }
}
