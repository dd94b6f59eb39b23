import type { Named } from './named.js';
import { readOptions, type OptionFault } from './options.js';
import { optionsSchema, type OptionsSchema } from './options-schema.js';

/** What is known of a named class before there is an application: enough to check what a configuration says of it. */
export interface DescribedExtension {
  readonly name: string;
  /** Of its options. */
  readonly schema: OptionsSchema;
  /** What is wrong with options as they are written; empty: nothing. */
  check(options: unknown): readonly OptionFault[];
}

/** Describes a named class. */
export function describeNamed({ name, options: type }: Named): DescribedExtension {
  return {
    name,
    get schema() {
      return optionsSchema(type);
    },
    check: options => {
      const result = readOptions(type, options);
      return result.ok ? [] : result.faults;
    },
  };
}
