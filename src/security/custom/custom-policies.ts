import { Inject, Injectable, Optional } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.module.js';
import type { GatewayConfig } from '../../config/file/gateway.config.js';
import type { PolicyChoice } from '../../config/language/kinds/policy.js';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import { ExtensionError } from '../../extension/extension-error.js';
import type { PolicySource, StagedPolicy } from '../policy-source.js';
import type { RequestPolicy } from '../policy.js';
import { NamedPolicies } from './named-policies.js';
import { SteadyPolicy } from './steady-policy.js';

/** The policies of `security.policies`: one instance for each entry; routes that inherit the entry share it. */
@Injectable()
export class CustomPolicies implements PolicySource {
  readonly #made = new Map<PolicyChoice, Promise<RequestPolicy>>();

  constructor(
    private readonly named: NamedPolicies,
    @Optional() @Inject(GATEWAY_CONFIG) private readonly config?: GatewayConfig,
  ) {}

  /** Rejects with an ExtensionError for an unknown name and for options that the policy refuses. */
  policies({ policies, validation }: EffectiveSecurity, path: string): Promise<StagedPolicy[]> {
    const owner = policies === this.config?.security.policies ? 'security' : path;
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
    }
    const policy = await made;
    if (policy.checkBody !== undefined && maxBody === 0) {
      const why = 'looks at whole bodies, so validation.maxBody must bound them';
      throw new ExtensionError(`${path}: the policy "${choice.name}" ${why}`);
    }
    return { stage: 'custom', policy: new SteadyPolicy(choice.name, policy), origin: choice };
  }
}
