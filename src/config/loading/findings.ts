import { formatPath, type Steps } from '../../spelling/place.js';
import type { Position, Problem } from './problem.js';

/** The way to a key: names and list positions from the top of the file. */
export type Path = Steps;

/** A position in one of the files of a configuration. */
export interface Place extends Position {
  /** The name of the file, for messages. */
  readonly file: string;
}

/** A place for people: `gateway.yaml:12:5`. */
export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

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
  readonly position?: Place;
}

/** The positions of the keys and values of a configuration. */
export interface Positions {
  /** The names of its files, in the order in which they are read; empty for a configuration that has no file. */
  readonly files: readonly string[];
  /** The position of a path, or of the nearest surrounding block that is in a file. */
  find(path: Path, at: 'key' | 'value'): Place | undefined;
}

/** The positions of a configuration that has no file. */
export const noPositions: Positions = { files: [], find: () => undefined };

/** Findings as problems, in the order of the files, each line once. */
export function locate(findings: readonly Finding[], positions: Positions): Problem[] {
  const problems = findings.map(({ path, message, found = '', allowed = '', suggestion, ...place }): Problem => {
    const position = place.position ?? positions.find(path, place.at ?? 'value');
    return {
      path: formatPath(path),
      file: position?.file ?? positions.files[0],
      line: position?.line,
      column: position?.column,
      message,
      found,
      allowed,
      ...(suggestion === undefined ? {} : { suggestion }),
    };
  });
  const once = new Map(problems.map(problem => [`${problem.file}\n${problem.path}\n${problem.message}`, problem]));
  const order = new Map<string | undefined, number>(positions.files.map((file, index) => [file, index]));
  const rank = ({ file }: Problem): number => order.get(file) ?? 0;
  return [...once.values()].sort(
    (a, b) => rank(a) - rank(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  );
}
