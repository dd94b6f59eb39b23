/** Prints one measured figure into the output of the tests: `figure: …`. */
export function figure(text: string): void {
  process.stdout.write(`figure: ${text}\n`);
}
