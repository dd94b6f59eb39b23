import type { ClassTransformOptions } from 'class-transformer';
import type { Source } from './source.js';

/** The options of class-transformer, with what our transformations need besides. */
export interface ReadOptions extends ClassTransformOptions {
  readonly source: Source;
}
