import { Allow } from 'class-validator';

/** Options of the `file` discovery: the keys of its block. The configuration has checked them. */
export class FileOptions {
  /** The absolute path of the file. */
  @Allow()
  file = '';
}
