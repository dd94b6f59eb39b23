import { Injectable } from '@nestjs/common';
import type { PolicyChoice } from '../../config/language/kinds/policy.js';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import { ExtensionError } from '../../extension/extension-error.js';
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
  policies({ policies, validation }: EffectiveSecurity, { config, path }: PolicyScope): Promise<StagedPolicy[]> {
    const owner = policies === config.security.policies ? 'security' : path;
    return Promise.all(
      (policies ?? []).map((choice, index) => this.#stage(choice, `${owner}.policies[${index}]`, validation)),
    );
  }

  async #stage(
    choice: PolicyChoice,
    path: string,
    { maxBody }: EffectiveSecurity['validation'],
  ): Promise<StagedPolicy> {
    let made = this.#made.get(choice);
    if (made === undefined) {
      made = this.named.create({ ...choice, path });
      this.#made.set(choice, made);
      // What could not be made may be possible when the same configuration is tried again.
      made.catch(() => this.#made.delete(choice));
    }
    const policy = await made;
    if (policy.checkBody !== undefined && maxBody === 0) {
      const why = 'looks at whole bodies, so validation.maxBody must bound them';
      throw new ExtensionError(`${path}: the policy "${choice.name}" ${why}`);
    }
    return { stage: 'custom', policy: new SteadyPolicy(choice.name, policy), name: choice.name, origin: choice };
  }
}
