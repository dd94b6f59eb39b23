import { createRequire } from 'node:module';

interface Validate {
  (value: unknown): boolean;
  errors?: unknown;
}

/** The JSON Schema validator that Fastify brings along, for schemas of the 2020-12 draft. */
export const { Ajv2020 } = createRequire(import.meta.url)('ajv/dist/2020.js') as {
  Ajv2020: new (options: { strict: boolean }) => { compile(schema: object): Validate };
};
