/** A named extension cannot be used as configured. `message` is one line that begins with the place in the configuration. */
export class ExtensionError extends Error {
  override readonly name = 'ExtensionError';
}
