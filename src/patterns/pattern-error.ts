/** A pattern that cannot be used. Its message follows the name of the pattern in a sentence: `has a back reference, …`. */
export class PatternError extends Error {}
