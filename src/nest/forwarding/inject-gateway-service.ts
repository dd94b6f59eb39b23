import { Inject, type InjectionToken } from '@nestjs/common';
import { GatewayService } from './gateway-service.js';

/** The injection token of the {@link GatewayService} of a gateway by its name; without one: of the gateway that has none, which the class is as well. */
export function getGatewayServiceToken(name?: string): InjectionToken<GatewayService> {
  return name === undefined || name === '' ? GatewayService : `GatewayService(${name})`;
}

/** Injects the {@link GatewayService} of a gateway: `@InjectGatewayService('internal') gateway: GatewayService`. */
export const InjectGatewayService = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getGatewayServiceToken(name));
