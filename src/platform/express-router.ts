import type { IncomingMessage, ServerResponse } from 'node:http';

type Next = (error?: unknown) => void;
type Handle = (request: IncomingMessage, response: ServerResponse, next: Next) => unknown;

/** What stands in the stack of a router of Express. */
interface Layer {
  readonly name: string;
  handle: Handle;
  match(path: string): boolean;
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
}

/** An application of Express. */
export interface ExpressRouter {
  use(handle: Handle): unknown;
  readonly router?: { readonly stack?: readonly Layer[] };
}

/** Names of the functions that `body-parser` makes. */
const parsers: ReadonlySet<string> = new Set(['jsonParser', 'rawParser', 'textParser', 'urlencodedParser']);

/**
 * Has the parsers of bodies that an application of Express has by now read the requests alone for which `isWanted` says so. `isRouted` tells whether one of the application's routes takes the request.
 *
 * Express 5: reaches into the `stack` of its router (layers with `name`, `handle`, `match` and `route`), since a parser that stands before all routes, as Nest has it, cannot be told of
 * requests that it is to leave alone. Without that stack, all bodies are parsed as before.
 */
export function parseOnlyWhere(
  { router }: ExpressRouter,
  isWanted: (request: IncomingMessage, isRouted: () => boolean) => boolean,
): void {
  const stack = router?.stack ?? [];
  for (const layer of stack) {
    if (!parsers.has(layer.name)) continue;
    const { handle } = layer;
    layer.handle = (request, response, next) => {
      if (isWanted(request, () => stack.some(each => takes(each, request)))) handle(request, response, next);
      else next();
    };
  }
}

function takes(layer: Layer, { method = '', url = '/' }: IncomingMessage): boolean {
  if (layer.route === undefined) return false;
  const { methods } = layer.route;
  const name = method.toLowerCase();
  if (methods[name] !== true && methods['_all'] !== true && !(name === 'head' && methods['get'] === true)) return false;
  return layer.match(url.split('?', 1)[0]!);
}
