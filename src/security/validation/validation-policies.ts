import { Injectable } from '@nestjs/common';
import type { EffectiveSecurity } from '../../config/route-settings.js';
import type { PolicySource, StagedPolicy } from '../policy-source.js';
import type { RequestPolicy } from '../policy.js';
import { AllowedMethods, DeclaredLength } from './limits.js';

/** The policies of `security.validation`. */
@Injectable()
export class ValidationPolicies implements PolicySource {
  policies({ validation }: EffectiveSecurity): readonly StagedPolicy[] {
    const policies: RequestPolicy[] = [];
    if (validation.methods.length > 0) policies.push(new AllowedMethods(validation.methods));
    if (validation.maxBody > 0) policies.push(new DeclaredLength(validation.maxBody));
    return policies.map(policy => ({ stage: 'validation', policy }));
  }
}
