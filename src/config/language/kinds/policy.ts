import { namedChoice, type NamedChoice } from './named-choice.js';

/** The name of a custom policy, with the options that it declares. */
export type PolicyChoice = NamedChoice;

/** The name of a policy, or a block with `name` and the policy's options. */
export const policy = namedChoice('policy');
