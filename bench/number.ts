/** Reads a whole number above zero from the command line. Throws an error that names the option. */
export function positive(text: string, option: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number <= 0)
    throw new Error(`${option} must be a whole number above 0, not "${text}"`);
  return number;
}
