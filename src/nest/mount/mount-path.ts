import { StartError } from '../../listeners/start-error.js';

/** Where a gateway stands on the application's own port. */
export interface GatewayMount {
  /**
   * The path below which requests are the gateway's, where no route of the application takes them; its routes see what is behind it. `/`: all requests.
   */
  readonly path: string;
  /** Paths below it that stay the application's, each with all below it, as clients spell them. Not to keep requests out: routes of the gateway do that. Default: none. */
  readonly exclude?: readonly string[];
}

/** Says which requests are for a gateway that is mounted below a path. */
export class MountPath {
  /** Without the slash at its end: empty for `/`. */
  readonly prefix: string;
  readonly #exclude: readonly string[];

  /** @throws StartError for what is no path */
  constructor({ exclude = [], path }: GatewayMount) {
    for (const each of [path, ...exclude]) {
      if (!/^\/[\x21-\x7e]*$/.test(each) || /[?#*:]/.test(each))
        throw new StartError(
          `mount: found ${JSON.stringify(each)}, expected a path that begins with a slash, without patterns`,
        );
    }
    this.prefix = trimmed(path);
    this.#exclude = exclude.map(trimmed);
  }

  /** Path and query as the gateway sees them; undefined: the request is not for it. `url`: as in a request line. */
  targetOf(url: string): string | undefined {
    const path = pathOf(url);
    if (!isBelow(path, this.prefix) || this.#exclude.some(each => isBelow(path, each))) return undefined;
    const rest = url.slice(this.prefix.length);
    return rest.startsWith('/') || rest === '*' ? rest : `/${rest}`;
  }
}

/** A path lies below another one, or is it. */
export function isBelow(path: string, base: string): boolean {
  return path === base || base === '' || (path.startsWith(base) && path[base.length] === '/');
}

/** The path of a request line. */
export function pathOf(url: string): string {
  const at = url.indexOf('?');
  return at === -1 ? url : url.slice(0, at);
}

function trimmed(path: string): string {
  return path.replace(/\/+$/, '');
}
