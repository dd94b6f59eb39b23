import { Inject, type InjectionToken } from '@nestjs/common';
import { Gateway } from '../gateway.js';

/** The injection token of a gateway by its name; without one: of the gateway that has none, which its class is as well. */
export function getGatewayToken(name?: string): InjectionToken<Gateway> {
  return name === undefined || name === '' ? Gateway : `Gateway(${name})`;
}

/** Injects a gateway: `@InjectGateway('internal') gateway: Gateway`. For `name` see {@link getGatewayToken}. */
export const InjectGateway = (name?: string): ParameterDecorator & PropertyDecorator => Inject(getGatewayToken(name));
