/** The variables that `${NAME}` is looked up in. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A text after substitution; `whole`: it was one substitution and nothing else. */
interface Substitution {
  readonly text: string;
  readonly substituted: boolean;
  readonly whole: boolean;
  /** The errors: variables that are not set, or a `${` that is not closed. */
  readonly faults: readonly string[];
}

const marker = /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})?/g;

/**
 * Replaces `${NAME}` and `${NAME:-default}` from the environment; `$${` is a literal `${`. The default is used when the
 * variable is not set or empty, as in a shell. The inserted values are not substituted again.
 */
export function substitute(text: string, env: Environment): Substitution {
  const faults: string[] = [];
  let substituted = false;
  const result = text.replace(marker, (match, name?: string, fallback?: string) => {
    if (match === '$${') return '${';
    if (name === undefined) {
      faults.push(
        '"${" begins a variable that is not well-formed: write ${NAME}, ${NAME:-default}, or $${ for a literal ${',
      );
      return match;
    }
    substituted = true;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined && (value !== '' || fallback === undefined)) return value;
    if (fallback === undefined) faults.push(`the environment variable ${name} is not set, and no default is given`);
    return fallback ?? match;
  });
  return { text: result, substituted, whole: /^\$\{[^}]*\}$/.test(text), faults };
}

/** A text that `substitute` turns into the given text, which may contain anything. */
export function escapeSubstitution(text: string): string {
  return text.replaceAll('${', () => '$${');
}
