import type { PolicyContext, RequestPolicy } from '../policy.js';
import type { BackendFields } from './backend-fields.js';

/**
 * On routes without authentication: removes the fields in which the gateway tells backends who sends a request, because a
 * client could forge them.
 */
export class ForgedFields implements RequestPolicy {
  constructor(private readonly fields: BackendFields) {}

  check(request: PolicyContext): undefined {
    this.fields.apply(request, []);
  }
}
