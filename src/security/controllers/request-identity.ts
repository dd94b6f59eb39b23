import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Identity } from '../policy.js';
import { ControllerRequest } from './controller-request.js';

/** A handler's parameter: the identity that the policies of `@UsePolicies` have found; undefined when they found none. */
export const RequestIdentity = createParamDecorator(
  (_: unknown, context: ExecutionContext): Identity | undefined =>
    ControllerRequest.find(context.switchToHttp().getRequest<object>())?.identity,
);
