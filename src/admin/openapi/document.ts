import { STATUS_CODES } from 'node:http';
import { PROBLEM_JSON } from '../admin-problem.js';
import { operations, pathParameters, type Operation } from './operations.js';
import { ref, type Schema } from './schema.js';
import { schemas } from './schemas.js';

/** Refusals that any request may get: without the token, from a page of another origin. */
const always = [401, 403];

/** The OpenAPI 3.1 document of the admin API. `version`: that of the program. */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, operation] of Object.entries(operations)) {
    const [method, path] = name.split(' ') as [string, string];
    (paths[path] ??= {})[method.toLowerCase()] = operationObject(method, path, operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Gatehouse admin API',
      version,
      description:
        'What operators see of a running gateway, and do to it. Only GET and HEAD read, only POST changes anything; every change is a line `audit` in the log. Refusals are problem documents.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: 'http://127.0.0.1:9901', description: 'The default: admin.host and admin.port.' }],
    security: [{ token: [] }, {}],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'admin.token, where one is set.' } },
      schemas,
    },
  };
}

function operationObject(method: string, path: string, operation: Operation): object {
  const { answer, bodyOnly = false, description, example, refusals = [], summary, values = {} } = operation;
  const places = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: pathParameters[name!],
  }));
  const query = Object.entries(bodyOnly ? {} : values).map(([name, { schema }]) => ({
    name,
    in: 'query',
    required: false,
    schema,
  }));
  const parameters = [...places, ...query];
  return {
    summary,
    operationId: operationId(method, path),
    ...(description !== undefined && { description }),
    ...(parameters.length > 0 && { parameters }),
    ...(method === 'POST' && { requestBody: bodyOf(values) }),
    responses: {
      200: {
        description: answer.description,
        content: { [answer.type]: { schema: answer.schema, ...(example !== undefined && { example }) } },
      },
      ...Object.fromEntries(
        [...always, ...refusals]
          .toSorted()
          .map(status => [
            status,
            { description: STATUS_CODES[status], content: { [PROBLEM_JSON]: { schema: ref('Problem') } } },
          ]),
      ),
    },
  };
}

/** The values in a JSON object, in the place of the query. */
function bodyOf(values: NonNullable<Operation['values']>): object {
  const properties: Record<string, Schema> = Object.fromEntries(
    Object.entries(values).map(([name, { schema }]) => [name, schema]),
  );
  const schema = { type: 'object', properties, additionalProperties: false };
  return { required: false, content: { 'application/json': { schema } } };
}

/** `GET /upstreams/{upstream}/x` → `getUpstreamsX`. */
function operationId(method: string, path: string): string {
  const words = path.split('/').flatMap(part => (part === '' || part.startsWith('{') ? [] : part.split(/\W/)));
  return method.toLowerCase() + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
