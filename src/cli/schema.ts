import { jsonSchema } from '../config/showing/reference/json-schema.js';
import { exitCode } from './exit-code.js';

/** `gatehouse schema`: the JSON Schema that editors use. */
export function schema(): number {
  process.stdout.write(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  return exitCode.ok;
}
