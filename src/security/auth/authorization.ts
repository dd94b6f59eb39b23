/** Characters of the longest credentials that are read. */
export const maxCredentials = 16 * 1024;

const SPACE = 0x20;

/**
 * The credentials of an `Authorization` value of that scheme (in lower case), without the spaces around them; empty when
 * there are none. Undefined when the value is missing or of another scheme (RFC 9110 §11.4: the case does not matter).
 */
export function credentialsOf(value: string | undefined, scheme: string): string | undefined {
  if (value === undefined || value.length < scheme.length) return undefined;
  if (value.length > scheme.length && value.charCodeAt(scheme.length) !== SPACE) return undefined;
  if (value.slice(0, scheme.length).toLowerCase() !== scheme) return undefined;
  return value.slice(scheme.length).trim();
}
