/** Why dist/ must be built again; undefined when it is as new as the sources. */
export function staleness(): string | undefined;

/**
 * Makes sure that dist/ holds what src/ says.
 * @throws Error with the compiler's output when the build fails.
 */
export function ensureBuild(options?: { quiet?: boolean }): Promise<void>;
