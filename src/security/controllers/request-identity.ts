import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Identity } from '../policy.js';
import { SocketRequest } from '../sockets/socket-request.js';
import { ControllerRequest } from './controller-request.js';

/**
 * A handler's parameter: the identity that the policies of `@UsePolicies` have found; undefined when they found none. In controllers and in gateways for
 * WebSockets.
 */
export const RequestIdentity = createParamDecorator((_: unknown, context: ExecutionContext): Identity | undefined => {
  if (context.getType<string>() === 'ws') return SocketRequest.identityOf(context.switchToWs().getClient<object>());
  return ControllerRequest.find(context.switchToHttp().getRequest<object>())?.identity;
});
