import { jsonSchema } from '../config/showing/reference/json-schema.js';
import type { CheckOptions } from './check.js';
import { exitCode } from './exit-code.js';

/** `gatehouse schema`: the JSON Schema that editors use; with extensions, it describes their options. */
export async function schema({ extension = [] }: CheckOptions): Promise<number> {
  const { known } =
    extension.length === 0 ? {} : await (await import('./extension-files.js')).loadExtensions(extension);
  process.stdout.write(`${JSON.stringify(jsonSchema({ ...(known && { known }) }), null, 2)}\n`);
  return exitCode.ok;
}
