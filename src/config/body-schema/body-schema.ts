import { createRequire } from 'node:module';
import type { Ajv, ErrorObject, Options, ValidateFunction } from 'ajv';
import type { FormatsPlugin } from 'ajv-formats';
import { readBoundedText } from '../bounded-file.js';
import { BoundedPattern, PatternSteps } from './bounded-pattern.js';
import { dangersOf } from './schema-dangers.js';

/** A place of a body that does not satisfy a schema. */
export interface SchemaFailure {
  /** What the schema asks for there; never what stands there. */
  readonly detail: string;
  /** JSON Pointer (RFC 6901) as a URI fragment: `#/items/0/amount`; `#` is the whole body. */
  readonly pointer: string;
}

/** Failing places that are told. */
const mostFailures = 10;
/** Bodies up to so many bytes are searched for all failing places, larger ones for the first: each place costs memory. */
const searchedThrough = 16 * 1024;
const longestPointer = 200;
const longestDetail = 300;

/** The drafts that are understood, by their `$schema`, and the module of the validator. */
const drafts = new Map([
  ['https://json-schema.org/draft/2020-12/schema', 'ajv/dist/2020.js'],
  ['http://json-schema.org/draft-07/schema', 'ajv'],
]);
const newest = 'ajv/dist/2020.js';

/**
 * A JSON Schema for request bodies, compiled: draft 2020-12, or draft-07 when its `$schema` says so. Formats are checked. Unknown
 * keywords and formats, references out of the file and patterns that could take exponential time are errors.
 */
export class BodySchema {
  /** What works, but hardly as it is meant: one line each. */
  readonly warnings: readonly string[];
  readonly #steps = new PatternSteps();
  readonly #first: ValidateFunction;
  readonly #all: ValidateFunction;

  private constructor(schema: Record<string, unknown>) {
    const { errors, warnings } = dangersOf(schema);
    if (errors.length > 0) throw new Error(errors.join('; '));
    this.warnings = warnings;
    this.#first = this.#compile(schema, false);
    this.#all = this.#compile(schema, true);
  }

  /** Reads and compiles a schema file. Throws an Error with one line that names the file. */
  static read(file: string): BodySchema {
    try {
      return new BodySchema(parse(file));
    } catch (error) {
      const why = error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : String(error);
      throw new Error(`the schema "${file}" cannot be used: ${why}`, { cause: error });
    }
  }

  /** The first ten places of a body that fail, undefined when none does. `size`: bytes of its text. */
  errorsOf(body: unknown, size: number): readonly SchemaFailure[] | undefined {
    this.#steps.reset();
    if (this.#first(body)) return undefined;
    let { errors } = this.#first;
    if (size <= searchedThrough) {
      this.#steps.reset();
      if (!this.#all(body)) errors = this.#all.errors;
    }
    const failures = (errors ?? []).slice(0, mostFailures).map(failure);
    // What they hold of the body must not outlive it.
    this.#first.errors = this.#all.errors = null;
    return failures;
  }

  #compile(schema: Record<string, unknown>, allErrors: boolean): ValidateFunction {
    // Loaded when a schema is configured: the validator is half of what a short command would load.
    const require = createRequire(import.meta.url);
    const module = require(moduleFor(schema)) as { readonly default: new (options: Options) => Ajv };
    const regExp = (source: string, flags: string) => new BoundedPattern(source, flags, this.#steps);
    const ajv = new module.default({
      allErrors,
      validateSchema: !allErrors,
      strictTypes: false,
      strictTuples: false,
      allowUnionTypes: true,
      // Else `required: [constructor]` would hold for every object.
      ownProperties: true,
      logger: false,
      code: { regExp: Object.assign(regExp, { code: 'patterns are not generated as code' }) },
    });
    (require('ajv-formats') as FormatsPlugin)(ajv);
    return ajv.compile(schema);
  }
}

function parse(file: string): Record<string, unknown> {
  const schema: unknown = JSON.parse(readBoundedText(file, { maxWait: 0 }));
  if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return schema as Record<string, unknown>;
  throw new Error('it is not an object');
}

function moduleFor({ $schema }: Record<string, unknown>): string {
  if ($schema === undefined) return newest;
  const module = typeof $schema === 'string' ? drafts.get($schema.replace(/#$/, '')) : undefined;
  if (module !== undefined) return module;
  throw new Error(`its $schema is ${JSON.stringify($schema)}, known are ${[...drafts.keys()].join(', ')}`);
}

function failure({ instancePath, message = 'is not valid' }: ErrorObject): SchemaFailure {
  // A name that a client made up may be long, or no text at all.
  const place = instancePath.slice(0, longestPointer).toWellFormed();
  return { detail: message.slice(0, longestDetail), pointer: `#${encodeURI(place).replaceAll('#', '%23')}` };
}
