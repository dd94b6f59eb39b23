import { formatPath, type Position, type Problem } from './problem.js';

/** The way to a key: names and list positions from the top of the file. */
export type Path = readonly (string | number)[];

/** A problem before its place in the file is known. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly found?: string;
  readonly allowed?: string;
  readonly suggestion?: string;
  /** Whether the position is that of the key's name or of its value. Default: the value. */
  readonly at?: 'key' | 'value';
  /** The position, when no path leads to it. */
  readonly position?: Position;
}

/** The positions of the keys and values of a file. */
export interface Positions {
  readonly file: string | undefined;
  /** The position of a path, or of the nearest surrounding block that is in the file. */
  find(path: Path, at: 'key' | 'value'): Position | undefined;
}

/** The positions of a configuration that has no file. */
export const noPositions: Positions = { file: undefined, find: () => undefined };

/** Findings as problems, in the order of the file, each line once. */
export function locate(findings: readonly Finding[], positions: Positions): Problem[] {
  const problems = findings.map(({ path, message, found = '', allowed = '', suggestion, ...place }): Problem => {
    const position = place.position ?? positions.find(path, place.at ?? 'value');
    return {
      path: formatPath(path),
      file: positions.file,
      line: position?.line,
      column: position?.column,
      message,
      found,
      allowed,
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  });
  const once = new Map(problems.map(problem => [`${problem.path}\n${problem.message}`, problem]));
  return [...once.values()].sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0));
}
