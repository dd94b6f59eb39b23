/** What the log tells of an exchange that took another than the straight way: undefined for all others. */
export class ExchangeTrail {
  /** Why a policy has answered it, where that is a refusal. */
  refusal: string | undefined;
}
