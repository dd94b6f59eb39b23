import { createRequire } from 'node:module';
import type { Ajv, Options, ValidateFunction } from 'ajv';
import type { FormatsPlugin } from 'ajv-formats';
import { Pattern } from '../patterns/pattern.js';
import type { Steps } from '../patterns/steps.js';
import { countSteps, offerSteps } from '../platform/counted-code.js';
import { countFormats } from './counted-formats.js';
import { addCountedKeywords } from './counted-keywords.js';

type Validator = { readonly default: new (options: Options) => Ajv };

// Loaded only when a schema is configured: otherwise the validator would be half of all code that a short command loads.
const validators = {
  ajv: () => createRequire(import.meta.url)('ajv') as Validator,
  'ajv/dist/2020.js': () => createRequire(import.meta.url)('ajv/dist/2020.js') as Validator,
};

/** The module of a validator: each knows other drafts of JSON Schema. */
export type SchemaModule = keyof typeof validators;

/** A schema, and how to compile it. */
interface Compilation {
  readonly schema: Record<string, unknown>;
  /** The module of the validator that knows its draft. */
  readonly module: SchemaModule;
  /** Whether to report all failing places instead of only the first. */
  readonly allErrors: boolean;
  readonly patterns: ReadonlyMap<string, Pattern>;
  /** The steps that each run of the validator consumes. */
  readonly steps: Steps;
}

/**
 * Compiles a schema with Ajv. The validator counts all its work as steps, and throws StepsSpent when no steps are left.
 * @throws Error for a schema that cannot be used.
 */
export function compileSchema({ schema, module, allErrors, patterns, steps }: Compilation): ValidateFunction {
  const loaded = validators[module]();
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
    // Otherwise `required: [constructor]` would hold for every object.
    ownProperties: true,
    logger: false,
    code: {
      process: countSteps,
      regExp: Object.assign(regExp, { code: 'patterns are not generated as code' }),
    },
  });
  offerSteps(ajv, steps);
  (createRequire(import.meta.url)('ajv-formats') as FormatsPlugin)(ajv);
  countFormats(ajv, steps);
  addCountedKeywords(ajv, steps);
  return ajv.compile(schema);
}
