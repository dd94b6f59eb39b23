import { createRequire } from 'node:module';
import type { Ajv, Options, ValidateFunction } from 'ajv';
import type { FormatsPlugin } from 'ajv-formats';
import { Pattern } from '../patterns/pattern.js';
import type { Steps } from '../patterns/steps.js';
import { countSteps, offerSteps } from '../platform/counted-code.js';
import { countFormats } from './counted-formats.js';
import { addCountedKeywords } from './counted-keywords.js';

/** A schema that is to be compiled, and by what. */
export interface Compilation {
  readonly schema: Record<string, unknown>;
  /** The module of the validator that knows its draft. */
  readonly module: string;
  /** All failing places are wanted, not the first one only. */
  readonly allErrors: boolean;
  readonly patterns: ReadonlyMap<string, Pattern>;
  /** What it takes from whenever it runs. */
  readonly steps: Steps;
}

/**
 * Compiles a schema with Ajv, so that all that the validator does is counted: it throws StepsSpent when there are no steps left.
 * @throws Error for a schema that cannot be used.
 */
export function compileSchema({ schema, module, allErrors, patterns, steps }: Compilation): ValidateFunction {
  // Loaded when a schema is configured: the validator is half of what a short command would load.
  const require = createRequire(import.meta.url);
  const loaded = require(module) as { readonly default: new (options: Options) => Ajv };
  const regExp = (source: string) => {
    const pattern = patterns.get(source) ?? new Pattern(source);
    return { test: (text: string) => pattern.testWithin(steps, text), toString: () => String(pattern) };
  };
  const ajv = new loaded.default({
    allErrors,
    validateSchema: !allErrors,
    strictTypes: false,
    strictTuples: false,
    allowUnionTypes: true,
    // Else `required: [constructor]` would hold for every object.
    ownProperties: true,
    logger: false,
    code: {
      process: countSteps,
      regExp: Object.assign(regExp, { code: 'patterns are not generated as code' }),
    },
  });
  offerSteps(ajv, steps);
  (require('ajv-formats') as FormatsPlugin)(ajv);
  countFormats(ajv, steps);
  addCountedKeywords(ajv, steps);
  return ajv.compile(schema);
}
