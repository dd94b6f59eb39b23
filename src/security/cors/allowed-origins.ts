/** A wildcard origin: `https://*.shop.example`. */
interface Wildcard {
  readonly prefix: string;
  readonly suffix: string;
}

/** Longer than any origin of a browser: a host name has at most 253 characters. */
const longest = 300;
const labels = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/;

/** The origins of `security.cors.origins`, compiled. Compared byte by byte, as browsers spell them (RFC 6454 §6.2). */
export class AllowedOrigins {
  /** `*`: every origin may read answers. */
  readonly any: boolean;
  readonly #exact: ReadonlySet<string>;
  readonly #wildcards: readonly Wildcard[];

  constructor(origins: readonly string[]) {
    this.any = origins.includes('*');
    this.#exact = new Set(origins.filter(origin => !origin.includes('*')));
    this.#wildcards = origins.flatMap(origin => {
      const [prefix = '', suffix] = origin.split('*');
      return suffix === undefined || prefix === '' ? [] : [{ prefix, suffix }];
    });
  }

  /** Whether an `Origin` may read answers. An accepted one has no character that could end a header field. */
  includes(origin: string | undefined): origin is string {
    if (origin === undefined || origin.length > longest) return false;
    return this.#exact.has(origin) || this.#wildcards.some(each => isBelow(origin, each));
  }
}

function isBelow(origin: string, { prefix, suffix }: Wildcard): boolean {
  if (origin.length <= prefix.length + suffix.length) return false;
  if (!origin.startsWith(prefix) || !origin.endsWith(suffix)) return false;
  return labels.test(origin.slice(prefix.length, -suffix.length));
}
