/** The oldest Node.js that the gateway runs on: older ones end broken connections in other ways, which clients would see. */
const oldest = [24, 9] as const;

/** What is to be done about a Node.js of this version, in one line; undefined: it will do. */
export function nodeTrouble(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return undefined;
  return `Gatehouse needs Node.js ${oldest.join('.')} or newer, and this is ${version}: install a newer one`;
}
