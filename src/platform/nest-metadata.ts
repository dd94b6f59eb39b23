import { RequestMethod } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  METHOD_METADATA,
  MODULE_METADATA,
  PATH_METADATA,
  PROPERTY_DEPS_METADATA,
  ROUTE_ARGS_METADATA,
  SELF_DECLARED_DEPS_METADATA,
} from '@nestjs/common/constants.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';

/**
 * What Nest's decorators leave on a class and its methods. The keys are in `@nestjs/common/constants` (12.x), which other packages of Nest read as
 * well, but which its documentation does not promise. No public way tells whether a class has guards of its own, nor by what path a handler is reached
 * where another router than the application's serves it, nor what a module declares before there is an application.
 */
export { ROUTE_ARGS_METADATA, RouteParamtypes };

/** The guards, interceptors and filters that decorators have put on a controller, or on one of its methods. */
export function enhancersOn(target: object): readonly unknown[] {
  const keys = [GUARDS_METADATA, INTERCEPTORS_METADATA, EXCEPTION_FILTERS_METADATA];
  return keys.flatMap(key => (Reflect.getMetadata(key, target) ?? []) as unknown[]);
}

/** The path of a controller or a handler, without slashes at its ends. */
export function pathOn(target: object): string {
  return String((Reflect.getMetadata(PATH_METADATA, target) as string | undefined) ?? '').replace(/^\/+|\/+$/g, '');
}

/** The method of HTTP that a handler is for; undefined: it is no handler. */
export function methodOn(handler: object): string | undefined {
  const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
  return method === undefined ? undefined : RequestMethod[method];
}

/** The modules and providers that `@Module` on a class declares; undefined: it declares none. */
export function declaredOn(
  target: object,
): { readonly imports: readonly unknown[]; readonly providers: readonly unknown[] } | undefined {
  const { imports, providers } = {
    imports: Reflect.getOwnMetadata(MODULE_METADATA.IMPORTS, target) as unknown[] | undefined,
    providers: Reflect.getOwnMetadata(MODULE_METADATA.PROVIDERS, target) as unknown[] | undefined,
  };
  if (imports === undefined && providers === undefined) return undefined;
  return { imports: imports ?? [], providers: providers ?? [] };
}

/** The key that `@WebSocketGateway` leaves (12.x): from its package, which an application without such gateways does not have. */
const SOCKET_GATEWAY_METADATA = 'websockets:is_gateway';

/** Whether a class is a gateway for WebSockets of the application's own. */
export function isSocketGateway(target: object): boolean {
  return Reflect.hasMetadata(SOCKET_GATEWAY_METADATA, target);
}

/** The tokens that `@Inject` has put on the parameters of a constructor and on properties. */
export function tokensOn(type: object): readonly unknown[] {
  const parameters = (Reflect.getMetadata(SELF_DECLARED_DEPS_METADATA, type) ?? []) as { readonly param: unknown }[];
  const properties = (Reflect.getMetadata(PROPERTY_DEPS_METADATA, type) ?? []) as { readonly type: unknown }[];
  return [...parameters.map(({ param }) => param), ...properties.map(each => each.type)];
}

const SOCKET_GATEWAY_OPTIONS = 'websockets:gateway_options';
const SOCKET_GATEWAY_PORT = 'port';

/** The paths of an application's own gateways for WebSockets on the port of its HTTP server. Those without one stand at `/` with the adapter for `ws`, and at `/socket.io` with that for Socket.IO. */
export function socketPathsOf(modules: ModulesContainer): readonly string[] {
  const paths = new Set<string>();
  for (const { providers } of modules.values()) {
    for (const { metatype } of providers.values()) {
      if (typeof metatype !== 'function' || Reflect.getMetadata(SOCKET_GATEWAY_METADATA, metatype) !== true) continue;
      if ((Reflect.getMetadata(SOCKET_GATEWAY_PORT, metatype) ?? 0) !== 0) continue;
      const options = Reflect.getMetadata(SOCKET_GATEWAY_OPTIONS, metatype) as { path?: unknown } | undefined;
      if (typeof options?.path === 'string') paths.add(`/${options.path.replace(/^\/+|\/+$/g, '')}`);
      else for (const each of ['/', '/socket.io']) paths.add(each);
    }
  }
  return [...paths];
}
