/** A program to start: its file, its arguments and what it needs in its environment beside the usual. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}
