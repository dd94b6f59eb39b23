/** A step of the paths of some routes. */
class Step<T> {
  readonly children = new Map<string, Step<T>>();
  /** What ends here. */
  readonly ends: T[] = [];
  /** What takes everything from here on: a `*` at the end. */
  readonly takesRest: T[] = [];
}

/** Paths of routes, segment by segment: finds those that a spelling of a path fits, in a time that does not grow with their number. */
export class PathSpellings<T> {
  readonly #root = new Step<T>();

  /** Adds what matches a path; parameters (`:id`) match any segment, a `*` all from there on. */
  add(path: string, what: T): void {
    let step = this.#root;
    for (const segment of path.split('/')) {
      if (segment === '*') {
        step.takesRest.push(what);
        return;
      }
      const key = segment.startsWith(':') ? ':' : segment;
      let next = step.children.get(key);
      if (next === undefined) step.children.set(key, (next = new Step<T>()));
      step = next;
    }
    step.ends.push(what);
  }

  /** Whether something fits for which `accepts` is true; parameters in the spelling fit any segment. */
  some(spelling: string, accepts: (what: T) => boolean): boolean {
    return some(this.#root, spelling.split('/'), 0, accepts);
  }
}

function some<T>(step: Step<T>, segments: readonly string[], index: number, accepts: (what: T) => boolean): boolean {
  if (step.takesRest.some(accepts)) return true;
  const segment = segments[index];
  if (segment === undefined) return step.ends.some(accepts);
  for (const next of nextSteps(step, segment)) if (some(next, segments, index + 1, accepts)) return true;
  return false;
}

function* nextSteps<T>(step: Step<T>, segment: string): Iterable<Step<T>> {
  if (segment.startsWith(':')) return yield* step.children.values();
  const exact = step.children.get(segment);
  if (exact !== undefined) yield exact;
  const parameter = step.children.get(':');
  if (parameter !== undefined && segment !== '') yield parameter;
}
