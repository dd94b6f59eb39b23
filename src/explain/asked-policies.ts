import { Answer, type Foreseen, type Verdict as PolicyAnswer } from '../security/policy.js';
import type { StagedPolicy } from '../security/policy-source.js';
import type { Exchange } from '../proxy/exchange.js';
import type { PolicyVerdict, Verdict } from './explanation.js';

/** What the policies of a route would say. */
export interface ForeseenPolicies {
  readonly policies: readonly PolicyVerdict[];
  /** The one that ends it, or the first of which it is not known; undefined: all let the request pass. */
  readonly verdict: Verdict | undefined;
}

/** Asks the policies in their order, without effect on anything but the exchange, until one of them ends it. */
export async function foreseePolicies(exchange: Exchange, staged: readonly StagedPolicy[]): Promise<ForeseenPolicies> {
  const policies: PolicyVerdict[] = [];
  let unknown: Verdict | undefined;
  let end: Verdict | undefined;
  let knowsIdentity = true;
  for (const { name: given, policy, stage } of staged) {
    const name = given ?? stage;
    if (end !== undefined) {
      policies.push({ name, verdict: 'not asked', says: [] });
      continue;
    }
    const isUnknown = stage === 'claim-limits' && !knowsIdentity;
    const { verdict, says } = isUnknown ? identityUnknown : await foresee(exchange, policy);
    if (verdict === 'unknown') {
      policies.push({ name, verdict, says });
      unknown ??= { kind: 'unknown', policy: name, reason: says.join('; ') };
      if (stage === 'authentication') knowsIdentity = false;
      continue;
    }
    policies.push(told(name, verdict, says));
    end = verdict === undefined ? undefined : endOf(name, verdict);
  }
  // A refusal holds only if those before it let the request pass, or refuse it as well.
  return { policies, verdict: unknown ?? end };
}

const identityUnknown: Foreseen = { verdict: 'unknown', says: ['counts by a claim, which is not known here'] };

function foresee(exchange: Exchange, policy: StagedPolicy['policy']): Foreseen | Promise<Foreseen> {
  if (policy.foresee !== undefined) return policy.foresee(exchange);
  // One that has no effect.
  const verdict = policy.check(exchange);
  const foreseen = (given: PolicyAnswer): Foreseen => ({ verdict: given, says: [] });
  return verdict instanceof Promise ? verdict.then(foreseen) : foreseen(verdict);
}

function told(name: string, verdict: PolicyAnswer, says: readonly string[]): PolicyVerdict {
  if (verdict === undefined) return { name, verdict: 'passes', says };
  if (verdict instanceof Answer) {
    const { reason, response } = verdict;
    return { name, verdict: 'answers', status: response.status, says: reason === undefined ? says : [reason, ...says] };
  }
  return { name, verdict: 'refuses', status: verdict.status, says: [verdict.cause, ...says] };
}

function endOf(policy: string, verdict: NonNullable<PolicyAnswer>): Verdict {
  if (verdict instanceof Answer)
    return { kind: 'answered', status: verdict.response.status, policy, reason: verdict.reason };
  const { cause, code, status } = verdict;
  return { kind: 'refused', status, code, reason: cause, policy };
}
