/** A package that a part of the gateway needs, and that is not installed. The message is one line that says how to install it. */
export class MissingPackageError extends Error {
  constructor(
    /** What needs it, for the message: `rateLimitStore.redis`. */
    purpose: string,
    /** The package's name, as npm knows it. */
    readonly packageName: string,
  ) {
    super(`${purpose} needs the package ${packageName}, which is not installed: npm install ${packageName}`);
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
