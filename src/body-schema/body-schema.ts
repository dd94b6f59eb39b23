import type { ErrorObject, ValidateFunction } from 'ajv';
import { Steps, StepsSpent } from '../patterns/steps.js';
import { readBoundedText } from '../platform/bounded-file.js';
import { patternsOf } from './schema-patterns.js';
import { compileSchema, type SchemaModule } from './schema-validator.js';

/** A place of a body that does not satisfy a schema. */
interface SchemaFailure {
  /** What the schema requires at this place; never the value itself. */
  readonly detail: string;
  /** JSON Pointer (RFC 6901) as a URI fragment: `#/items/0/amount`; `#` is the whole body. */
  readonly pointer: string;
}

/** Failing places that are reported at most. */
const mostFailures = 10;
/** Bodies up to this many bytes are searched for all failing places, larger ones only for the first: each place costs memory. */
const searchedThrough = 16 * 1024;
/** Steps that a body of any size may take: some ten milliseconds. */
const leastSteps = 2 ** 19;
/** Steps that a large body may take for each of its bytes. */
const stepsPerByte = 8;
/** Steps for finding the other failing places after the first. */
const stepsForAll = 2 ** 18;
const longestPointer = 200;
const longestDetail = 300;

/** The supported drafts, by their `$schema`, with the module of the validator. */
const drafts = new Map<string, SchemaModule>([
  ['https://json-schema.org/draft/2020-12/schema', 'ajv/dist/2020.js'],
  ['http://json-schema.org/draft-07/schema', 'ajv'],
]);
const newest: SchemaModule = 'ajv/dist/2020.js';

/**
 * A JSON Schema for request bodies, compiled: draft 2020-12, or draft-07 when its `$schema` says so. Formats are checked.
 * Unknown keywords and formats, references out of the file and patterns that have no linear time are errors. The check of a
 * body always ends: its number of steps is limited in proportion to the body's size, for every schema.
 */
export class BodySchema {
  readonly #steps = new Steps(Infinity);
  readonly #first: ValidateFunction;
  readonly #all: ValidateFunction;
  #allowed = 0;

  private constructor(schema: Record<string, unknown>) {
    const shared = { schema, module: moduleFor(schema), patterns: patternsOf(schema), steps: this.#steps };
    this.#first = compileSchema({ ...shared, allErrors: false });
    this.#all = compileSchema({ ...shared, allErrors: true });
    for (const value of [null, true, 0, '', [], {}]) {
      if (this.#run(this.#first, value, leastSteps) === 'spent') {
        throw new Error('it refers to itself without going on to a part of the body, so that it never ends');
      }
    }
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

  /**
   * The first ten places of a body that fail; undefined: it satisfies the schema. `size`: bytes of its text. A body that takes
   * more steps than are allowed fails as a whole.
   */
  errorsOf(body: unknown, size: number): readonly SchemaFailure[] | undefined {
    const verdict = this.#run(this.#first, body, leastSteps + stepsPerByte * size);
    if (verdict === 'good') return undefined;
    if (verdict === 'spent') return tooMuchWork;
    let { errors } = this.#first;
    if (size <= searchedThrough && this.#run(this.#all, body, stepsForAll) === 'bad') errors = this.#all.errors;
    const failures = (errors ?? []).slice(0, mostFailures).map(failure);
    // The errors refer to parts of the body, which must not be kept in memory.
    this.#first.errors = this.#all.errors = null;
    return failures;
  }

  /** Steps that the last check of a body took. */
  get stepsTaken(): number {
    return this.#allowed - this.#steps.left;
  }

  #run(validate: ValidateFunction, body: unknown, most: number): 'good' | 'bad' | 'spent' {
    this.#steps.reset((this.#allowed = most));
    try {
      return validate(body) ? 'good' : 'bad';
    } catch (error) {
      // A schema that refers to itself without end may use up the stack before its steps.
      if (error instanceof StepsSpent || error instanceof RangeError) return 'spent';
      throw error;
    }
  }
}

const tooMuchWork: readonly SchemaFailure[] = [
  { detail: 'takes more work to be checked than a body of its size may', pointer: '#' },
];

function parse(file: string): Record<string, unknown> {
  const schema: unknown = JSON.parse(readBoundedText(file, { maxWait: 0 }));
  if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return schema as Record<string, unknown>;
  throw new Error('it is not an object');
}

function moduleFor({ $schema }: Record<string, unknown>): SchemaModule {
  if ($schema === undefined) return newest;
  const module = typeof $schema === 'string' ? drafts.get($schema.replace(/#$/, '')) : undefined;
  if (module !== undefined) return module;
  throw new Error(`its $schema is ${JSON.stringify($schema)}, known are ${[...drafts.keys()].join(', ')}`);
}

function failure({ instancePath, message = 'is not valid' }: ErrorObject): SchemaFailure {
  // A name in the body may be very long, or not well-formed Unicode: the client chose it.
  const place = instancePath.slice(0, longestPointer).toWellFormed();
  return { detail: message.slice(0, longestDetail), pointer: `#${encodeURI(place).replaceAll('#', '%23')}` };
}
