import type { ClassTransformOptions } from 'class-transformer';
import type { Source } from './source.js';

/** The options of class-transformer, with additional ones for our transformations. */
export interface ReadOptions extends ClassTransformOptions {
  readonly source: Source;
}
