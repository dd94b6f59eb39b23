import { Injectable } from '@nestjs/common';
import type { PolicyChoice } from '../../config/language/kinds/policy.js';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import { describeFindings } from '../../config/loading/plain-config.js';
import { ExtensionError } from '../../extension/extension-error.js';
import type { NamedEntry } from '../../extension/named-providers.js';
import { describeFaults } from '../../extension/options.js';
import type { PolicyScope, PolicySource, StagedPolicy } from '../policy-source.js';
import type { RequestPolicy } from '../policy.js';
import { NamedPolicies } from './named-policies.js';
import { SteadyPolicy } from './steady-policy.js';

/**
 * The policies of `security.policies`: one instance for each entry; routes that inherit the entry share it, and it stays in the
 * next configuration where the entry has not changed.
 */
@Injectable()
export class CustomPolicies implements PolicySource {
  readonly #made = new WeakMap<PolicyChoice, Promise<RequestPolicy>>();

  constructor(private readonly named: NamedPolicies) {}

  /** Rejects with an ExtensionError for an unknown name and for options that the policy refuses. */
  policies({ policies = [], validation }: EffectiveSecurity, scope: PolicyScope): Promise<StagedPolicy[]> {
    return Promise.all(
      policies.map((choice, index) => this.#stage(choice, entryOf(choice, index, policies, scope), validation)),
    );
  }

  async #stage(
    choice: PolicyChoice,
    entry: NamedEntry,
    { maxBody }: EffectiveSecurity['validation'],
  ): Promise<StagedPolicy> {
    let made = this.#made.get(choice);
    if (made === undefined) {
      made = this.named.create(entry);
      this.#made.set(choice, made);
      // What could not be made may be possible when the same configuration is tried again.
      made.catch(() => this.#made.delete(choice));
    }
    const policy = await made;
    if (policy.checkBody !== undefined && maxBody === 0) {
      const message = `the policy "${choice.name}" looks at whole bodies, so validation.maxBody must bound them`;
      const fault = { path: [], message, at: 'value' } as const;
      throw new ExtensionError(
        entry.describe?.([{ ...fault, path: entry.path }]) ?? describeFaults([fault], entry.path),
      );
    }
    return { stage: 'custom', policy: new SteadyPolicy(choice.name, policy), name: choice.name, origin: choice };
  }
}

/** The place of a policy: in the security of all, that of a route, or, where there is none, a block that is in no file. */
function entryOf(
  choice: PolicyChoice,
  index: number,
  all: readonly PolicyChoice[],
  { config, route }: PolicyScope,
): NamedEntry {
  const isOwn = route !== undefined && all !== config.security.policies;
  const at = config.routes.findIndex(({ name }) => name === route);
  const path = [...(isOwn ? ['routes', at, 'security'] : ['security']), 'policies', index];
  if (route === undefined) return { ...choice, path };
  return { ...choice, path, describe: faults => describeFindings(config, faults) };
}
