/** A route that cannot be compiled; the message names it and says in one line what is wrong with it. */
export class RouteError extends Error {}
