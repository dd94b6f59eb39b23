import { Inject, Req, Res } from '@nestjs/common';
import type { ForwardOptions, GatewayService } from './gateway-service.js';
import { getGatewayServiceToken } from './inject-gateway-service.js';

type Handler = (this: Record<symbol, GatewayService>, ...given: unknown[]) => unknown;

/**
 * Has the requests of a handler forwarded to an upstream, behind its guards, interceptors and pipes: `@Get('orders/*path') @ForwardTo('orders') orders() {}`. The handler runs first: what it
 * returns ({@link ForwardOptions}) stands in place of `options`, key by key; what it throws is answered as always, and nothing is forwarded then.
 * See `GatewayService.forward` for what is forwarded; its ForwardError is answered with 500. `gateway`: the name of the gateway; default: the one without.
 * The module of the controller must import the gateway's, unless that is global.
 *
 * @throws TypeError on what is no method
 */
export function ForwardTo(
  upstream: string,
  options: Omit<ForwardOptions, 'upstream'> = {},
  gateway?: string,
): MethodDecorator {
  const service = Symbol(`GatewayService(${gateway ?? ''})`);
  return (target, key, descriptor: PropertyDescriptor) => {
    const handler = descriptor.value as Handler;
    if (typeof handler !== 'function') throw new TypeError(`@ForwardTo stands on a method: ${String(key)} is none`);
    Inject(getGatewayServiceToken(gateway))(target, service);
    const types = (Reflect.getMetadata('design:paramtypes', target, key) ?? []) as unknown[];
    const at = Math.max(handler.length, types.length);
    // With the response among its parameters, Nest leaves the answer to the handler.
    Req()(target, key, at);
    Res()(target, key, at + 1);
    const forward: Handler = async function (...given) {
      const [request, response] = given.slice(at) as [object, object];
      const more = (await handler.apply(this, given.slice(0, at))) as ForwardOptions | undefined;
      await this[service]!.forward(request, response, { upstream, ...options, ...more });
    };
    // What other decorators have noted on the handler.
    for (const each of Reflect.getMetadataKeys(handler) as unknown[])
      Reflect.defineMetadata(each, Reflect.getMetadata(each, handler), forward);
    Object.defineProperty(forward, 'name', { value: handler.name });
    descriptor.value = forward;
  };
}
