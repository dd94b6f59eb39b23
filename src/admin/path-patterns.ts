/** Patterns of paths as Fastify writes them (`/backends/:backend/drain`): finds that of a path for any method, where Fastify looks among those of one method. */
export class PathPatterns {
  readonly #all = new Map<string, readonly string[]>();

  add(pattern: string): void {
    this.#all.set(pattern, pattern.split('/'));
  }

  /** `target`: of a request, with its query. Undefined: there is nothing under this path. */
  find(target: string): string | undefined {
    const parts = target.replace(/[?;#].*$/s, '').split('/');
    const isOf = (pattern: readonly string[]): boolean =>
      pattern.length === parts.length && pattern.every((each, at) => each.startsWith(':') || each === parts[at]);
    return [...this.#all].find(([, pattern]) => isOf(pattern))?.[0];
  }
}
