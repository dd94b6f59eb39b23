import { Injectable } from '@nestjs/common';
import type { EffectiveSecurity } from '../../config/file/route-settings.js';
import type { PolicySource, StagedPolicy } from '../policy-source.js';
import { CorsPreflights } from './cors-preflights.js';

/** The policy of `security.cors`; its fields on other responses are set by {@link CorsFields}. */
@Injectable()
export class CorsPolicies implements PolicySource {
  policies({ cors }: EffectiveSecurity): readonly StagedPolicy[] {
    return cors === undefined
      ? []
      : [{ stage: 'preflight', policy: new CorsPreflights(cors), name: 'cors', ownRouteOnly: true }];
  }
}
