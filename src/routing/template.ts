import { encodeQueryText } from './encoding.js';
import { parameterValue, spelledParameter, type RequestPath } from './parameters.js';
import type { PathPattern } from './path-pattern.js';

type Part =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'path' | 'query'; readonly name: string };

const PARAMETER = /:([A-Za-z_][A-Za-z0-9_]*)/g;

/** A compiled text with `:name` parameters: the texts between the parameters are already encoded. Immutable. */
export class Template {
  readonly #parts: readonly Part[];

  /**
   * Compiles the parts of a template. `query` says that a part is for a query, where parameters are encoded more strictly.
   * Throws an Error when a parameter is in none of the route's paths.
   */
  constructor(
    sections: readonly {
      readonly text: string;
      readonly in: 'path' | 'query';
      readonly encode: (text: string) => string;
    }[],
    patterns: readonly PathPattern[],
  ) {
    this.#parts = sections.flatMap(section => {
      const parts: Part[] = [];
      let copied = 0;
      for (const found of section.text.matchAll(PARAMETER)) {
        const name = found[1] ?? '';
        assertKnown(name, patterns);
        parts.push(
          { kind: 'text', text: section.encode(section.text.slice(copied, found.index)) },
          { kind: section.in, name },
        );
        copied = found.index + found[0].length;
      }
      return [...parts, { kind: 'text', text: section.encode(section.text.slice(copied)) }];
    });
  }

  /** Fills the parameters in. A parameter that the matched path does not have is empty. */
  fill(pattern: PathPattern, path: RequestPath): string {
    let filled = '';
    for (const part of this.#parts) {
      if (part.kind === 'text') filled += part.text;
      else if (part.kind === 'path') filled += spelledParameter(pattern, path, part.name);
      else filled += encodeQueryText(parameterValue(pattern, path.routing, part.name));
    }
    return filled;
  }
}

function assertKnown(name: string, patterns: readonly PathPattern[]): void {
  if (patterns.some(({ parameters }) => parameters.has(name))) return;
  const known = [...new Set(patterns.flatMap(({ parameters }) => [...parameters.keys()]))].map(other => `:${other}`);
  throw new Error(`:${name} is no parameter of the route's path (known: ${known.join(', ') || 'none'})`);
}
