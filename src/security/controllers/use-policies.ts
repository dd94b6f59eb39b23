import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Inject,
  mixin,
  type OnModuleInit,
  type RawBodyRequest,
  type Type,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { firstVerdict, type RequestPolicy } from '../policy.js';
import { Denied } from '../policy.guard.js';
import { ControllerRequest } from './controller-request.js';
import { DeniedFilter } from './denied.filter.js';

/** A policy, its class, or the token of a provider of one or of a list. */
export type PolicyReference = RequestPolicy | Type<RequestPolicy> | string | symbol;

/**
 * Guards a controller of your own, or one of its handlers, with policies, asked in this order; those of the controller come
 * first. A class is taken from the application's providers, or created with its dependencies injected. A policy that is not
 * found stops the start. Denials are problem documents. For a policy that reads bodies the application must keep them: `{
 * rawBody: true }`.
 *
 * @example
 * ```ts
 * @Controller('reports')
 * @UsePolicies(KnownTenants)
 * class Reports {}
 * ```
 */
export function UsePolicies(...references: readonly PolicyReference[]): ClassDecorator & MethodDecorator {
  class UsedPolicies implements CanActivate, OnModuleInit {
    #policies: readonly RequestPolicy[] = [];

    constructor(@Inject(ModuleRef) private readonly providers: ModuleRef) {}

    async onModuleInit(): Promise<void> {
      const found = references.map(reference => find(reference, this.providers));
      this.#policies = (await Promise.all(found)).flat();
    }

    async canActivate(context: ExecutionContext): Promise<boolean> {
      const http = context.switchToHttp();
      const request = http.getRequest<RawBodyRequest<FastifyRequest>>();
      const policed = ControllerRequest.of(request, http.getResponse<FastifyReply>());
      const verdict = await firstVerdict(policed, this.#policies);
      if (verdict !== undefined) throw new Denied(verdict);
      if (policed.hasBody) checkBody(policed, this.#policies, request.rawBody);
      return true;
    }
  }
  return applyDecorators(UseGuards(mixin(UsedPolicies)), UseFilters(DeniedFilter));
}

async function find(reference: PolicyReference, providers: ModuleRef): Promise<RequestPolicy | RequestPolicy[]> {
  if (typeof reference === 'object') return reference;
  const search = { strict: false };
  if (typeof reference !== 'function') return providers.get<RequestPolicy | RequestPolicy[]>(reference, search);
  try {
    return providers.get(reference, search);
  } catch {
    return providers.create(reference);
  }
}

function checkBody(request: ControllerRequest, policies: readonly RequestPolicy[], body: Buffer | undefined): void {
  for (const policy of policies) {
    if (policy.checkBody === undefined) continue;
    if (body === undefined) throw new Error('a policy looks at bodies: create the application with { rawBody: true }');
    const verdict = policy.checkBody(request, body);
    if (verdict !== undefined) throw new Denied(verdict);
  }
}
