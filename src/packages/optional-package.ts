/** Packages that a part of the gateway needs, and that are not installed. The message is one line that says how to install them. */
export class MissingPackageError extends Error {
  /** Their names, as npm knows them. */
  readonly packages: readonly string[];

  /** `purpose`: what needs them, for the message, such as `rateLimitStore.redis`. */
  constructor(purpose: string, ...packages: readonly string[]) {
    const [one, are] = packages.length === 1 ? ['package', 'is'] : ['packages', 'are'];
    const names = packages.join(' and ');
    super(`${purpose} needs the ${one} ${names}, which ${are} not installed: npm install ${packages.join(' ')}`);
    this.packages = packages;
  }
}

/** What `load` gives; undefined where a package is not installed. What else fails is thrown. */
export function ifInstalled<Result>(load: () => Result): Result | undefined {
  try {
    return load();
  } catch (error) {
    if (error instanceof MissingPackageError) return undefined;
    throw error;
  }
}

/**
 * Loads a package that only some applications need: these install it themselves. `load` is to be `createRequire(import.meta.url)('name')` with the name written
 * out, which bundlers understand. Throws a {@link MissingPackageError} when the package is not there; errors of the package itself pass.
 */
export function optionalPackage<Package>(purpose: string, packageName: string, load: () => unknown): Package {
  try {
    return load() as Package;
  } catch (error) {
    throw isMissing(error, packageName) ? new MissingPackageError(purpose, packageName) : error;
  }
}

/** Whether the package itself was not found, rather than one that it needs. */
function isMissing(error: unknown, packageName: string): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const found = error.code === 'MODULE_NOT_FOUND' || error.code === 'ERR_MODULE_NOT_FOUND';
  return found && (error.message.split('\n', 1)[0] ?? '').includes(`'${packageName}'`);
}
