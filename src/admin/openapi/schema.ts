/** A JSON Schema (draft 2020-12), as OpenAPI 3.1 has them. */
export type Schema = Readonly<Record<string, unknown>>;

/** The schemas of an object's members, by their names. */
export type Members = Readonly<Record<string, Schema>>;

/** An object with members that are always there, and others that may be. */
export function object(description: string, members: Members, optional: Members = {}): Schema {
  return {
    type: 'object',
    description,
    properties: { ...members, ...optional },
    required: Object.keys(members),
    additionalProperties: false,
  };
}

/** The same members and others, as a schema of its own. */
export function extended(base: Schema, description: string, members: Members, optional: Members = {}): Schema {
  const { properties, required } = base as { readonly properties: Members; readonly required: readonly string[] };
  const isRequired = (name: string): boolean => required.includes(name);
  const pick = (wanted: (name: string) => boolean): Members =>
    Object.fromEntries(Object.entries(properties).filter(([name]) => wanted(name)));
  return object(description, { ...pick(isRequired), ...members }, { ...pick(name => !isRequired(name)), ...optional });
}

export function text(description: string, more: Schema = {}): Schema {
  return { type: 'string', description, ...more };
}

export function choice(description: string, ...values: readonly string[]): Schema {
  return { type: 'string', description, enum: values };
}

/** A time in ISO 8601. */
export function time(description: string): Schema {
  return { type: 'string', format: 'date-time', description };
}

export function count(description: string): Schema {
  return { type: 'integer', description, minimum: 0 };
}

export function number(description: string): Schema {
  return { type: 'number', description };
}

export function share(description: string): Schema {
  return { type: 'number', description, minimum: 0, maximum: 1 };
}

export function flag(description: string): Schema {
  return { type: 'boolean', description };
}

export function list(items: Schema, description?: string): Schema {
  return { type: 'array', items, ...(description !== undefined && { description }) };
}

/** A schema of the document, by its name. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
