/** The way to a key of the configuration: names and list positions from the top. */
export type Steps = readonly (string | number)[];

/** The path of a key for people: list positions in brackets, unusual names quoted. */
export function formatPath(path: Steps): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[\w.-]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** What is wrong at a place, on one line: `upstreams.orders.strategy.kee: unknown option (did you mean "key"?)`. `place` empty: it stands nowhere. */
export function formatFault(place: string, message: string, suggestion: string | undefined): string {
  const hint = suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`;
  return `${place === '' ? '' : `${place}: `}${message}${hint}`;
}
