const unusual = /[^a-z0-9-]/;

/**
 * One spelling for all field names that some servers take for the same: lower case, and a dash for every character that is neither
 * letter nor digit. CGI, WSGI and PHP make `HTTP_X_USER` of `X-User` and `X_User`, PHP also of `X.User`, and old Apaches of any other
 * character.
 */
export function foldName(name: string): string {
  const lower = name.toLowerCase();
  return unusual.test(lower) ? lower.replace(/[^a-z0-9]/g, '-') : lower;
}

/** Whether a name, in lower case, has a character that some servers take for a dash. */
export function isUnusualName(lower: string): boolean {
  return unusual.test(lower);
}
