/** What has become of one route in the search for the route of a request. */
export interface Candidacy {
  readonly name: string;
  /** As written in the configuration: of several the one that fits. */
  readonly path: string;
  readonly priority: number;
  /** `wins`: it is the route; `passed over`: its host and path fit, but a condition does not, or another comes first; `other`: its host or path does not fit. */
  readonly outcome: 'wins' | 'passed over' | 'other';
  /** Why, in words for people: `header x-beta = "1" does not hold`. */
  readonly why: string;
}
