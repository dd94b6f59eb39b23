import type { PolicyContext, RequestPolicy } from '../policy.js';
import type { BackendFields } from './backend-fields.js';

/** On routes without authentication: takes away the fields by which the gateway tells backends who sends a request. */
export class ForgedFields implements RequestPolicy {
  constructor(private readonly fields: BackendFields) {}

  check(request: PolicyContext): undefined {
    this.fields.apply(request, []);
  }
}
