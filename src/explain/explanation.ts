import type { Candidacy } from '../routing/candidacy-view.js';

/** What becomes of a request: `forwarded` to a backend, `answered` by the gateway itself, `refused`, or `unknown`, where only asking others would tell. */
export interface Verdict {
  readonly kind: 'forwarded' | 'answered' | 'refused' | 'unknown';
  /** What the client gets; undefined: what the backend answers, or not known. */
  readonly status?: number | undefined;
  /** `X-Gateway-Error` of a refusal. */
  readonly code?: string | undefined;
  /** The reason in the access log, or what it is that cannot be told. */
  readonly reason?: string | undefined;
  /** The policy that decides, by its name in {@link Explanation.policies}. */
  readonly policy?: string | undefined;
  /** Fields of the gateway's answer: `location: https://shop.example/`. No secrets. */
  readonly fields?: readonly string[] | undefined;
}

/** What one policy of the route says. */
export interface PolicyVerdict {
  /** Its key below `security`. */
  readonly name: string;
  readonly verdict: 'passes' | 'refuses' | 'answers' | 'unknown' | 'not asked';
  readonly status?: number | undefined;
  /** Why it refuses, what it has looked at, or what it would ask. */
  readonly says: readonly string[];
}

/** Why a backend may not be used, who says so, and until when. */
export interface VetoView {
  readonly veto: string;
  readonly by: string;
  readonly reason: string | undefined;
  /** ISO 8601, UTC; undefined: it is not known, or it stays until it is lifted. */
  readonly until: string | undefined;
}

/** A backend of the upstream as it is now. */
export interface BackendView {
  readonly id: string;
  readonly url: string;
  readonly weight: number;
  readonly backup: boolean;
  readonly inFlight: number;
  /** Places that are taken, of `connections.max`. */
  readonly places: string;
  /** Requests that wait for a place. */
  readonly waiting: number;
  readonly circuit: string;
  readonly vetoes: readonly VetoView[];
  /** The first attempt of the request may go there. */
  readonly mayBePicked: boolean;
}

/** Where a request goes. */
export interface UpstreamView {
  readonly name: string;
  readonly strategy: string;
  /** How the backend is found, and what it says of the pick. */
  readonly pick: string;
  /** So few backends are available that vetoes are ignored. */
  readonly panicking: boolean;
  readonly backends: readonly BackendView[];
  readonly timeouts: { readonly connect: string; readonly response: string; readonly idle: string };
  readonly retries: string;
  /** What a client gets where no backend answers. */
  readonly fallback: string;
}

/** The request as it goes to the backend. */
export interface ForwardedView {
  /** Path and query. */
  readonly target: string;
  /** `- name: value` and `+ name: value` for each difference to what the client has sent. Values of fields with credentials are masked. */
  readonly changes: readonly string[];
}

/** What became of a request that has been made, as opposed to what was foreseen. */
export interface Outcome {
  readonly status: number;
  readonly error: string | undefined;
  readonly reason: string | undefined;
  readonly route: string | undefined;
  readonly upstream: string | undefined;
  readonly backend: string | undefined;
  readonly attempts: number;
  readonly milliseconds: number;
}

/** All that decides on a request, in the order of its road. Plain data, without secrets. */
export interface Explanation {
  readonly request: { readonly method: string; readonly url: string; readonly httpVersion: string };
  readonly listener: { readonly name: string; readonly why: string };
  readonly client: { readonly address: string; readonly peer: string | undefined; readonly why: string };
  /** As it was asked for, as the route was looked up by, and as it would be forwarded without a rewrite. Absent: the request is refused before. */
  readonly path?: { readonly asked: string; readonly lookedUp: string; readonly forwarded: string };
  /** In the order in which they are tried. */
  readonly routes: readonly Candidacy[];
  /** Others whose host or path does not fit. */
  readonly moreRoutes: number;
  /** The name of the one that holds. */
  readonly route: string | undefined;
  /** What is unusual about it. */
  readonly notes: readonly string[];
  readonly policies: readonly PolicyVerdict[];
  readonly verdict: Verdict;
  readonly upstream: UpstreamView | undefined;
  readonly forwarded: ForwardedView | undefined;
  /** What is done to the fields of the response, as in {@link ForwardedView.changes}. */
  readonly response: readonly string[];
  /** Of a request that was made. */
  readonly outcome?: Outcome;
  /** The id of the request that was made. */
  readonly id?: string;
}
