import type { Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { firstVerdict, type PolicyContext, type RequestPolicy, type Verdict } from '../policy.js';
import { thrownVerdict } from '../thrown-verdict.js';

/** A policy, its class, or the token of a provider of one or of a list. */
export type PolicyReference = RequestPolicy | Type<RequestPolicy> | string | symbol;

/** The policies that are meant, in their order. Rejects with Nest's error for a provider that does not exist. */
export async function policiesOf(
  references: readonly PolicyReference[],
  providers: ModuleRef,
): Promise<readonly RequestPolicy[]> {
  return (await Promise.all(references.map(reference => find(reference, providers)))).flat();
}

/** The first verdict of the policies on the head, returned or thrown. Rejects with what a policy throws that is no verdict. */
export async function verdictOn(request: PolicyContext, policies: readonly RequestPolicy[]): Promise<Verdict> {
  try {
    return await firstVerdict(request, policies);
  } catch (thrown) {
    return thrownVerdict(thrown) ?? fault(thrown);
  }
}

/** The first verdict of the policies on the body, which is taken for those that look at it. Throws where there is none. */
export function verdictOnBody(
  request: PolicyContext,
  policies: readonly RequestPolicy[],
  bodyOf: () => Buffer | undefined,
): Verdict {
  let body: Buffer | undefined;
  for (const policy of policies) {
    if (policy.checkBody === undefined) continue;
    body ??= bodyOf();
    if (body === undefined) throw new Error(bodyMissing);
    const verdict = bodyVerdict(policy, request, body);
    if (verdict !== undefined) return verdict;
  }
  return undefined;
}

const bodyMissing =
  'a policy looks at bodies, and the application has not kept this one: create it with { rawBody: true }, and have its media type parsed (app.useBodyParser)';

function bodyVerdict(policy: RequestPolicy, request: PolicyContext, body: Buffer): Verdict {
  try {
    return policy.checkBody!(request, body);
  } catch (thrown) {
    return thrownVerdict(thrown) ?? fault(thrown);
  }
}

function fault(thrown: unknown): never {
  throw thrown;
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
