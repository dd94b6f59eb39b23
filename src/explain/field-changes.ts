import { mask } from '../config/language/kinds/secret.js';
import { maskUrl } from '../config/language/kinds/url.js';
import { RawHeaders } from '../fields/raw-headers.js';

/** Tells which fields carry credentials. */
export interface Credentials {
  has(name: string): boolean;
}

/** A field for people: `x-tier: gold`. The values of credentials are masked. */
export function shownField(name: string, value: string, credentials: Credentials): string {
  return `${name.toLowerCase()}: ${credentials.has(name) ? mask : maskUrl(value)}`;
}

/**
 * What has become of fields: `- name: value` for each that is not there any more, `+ name: value` for each that is new; a line for one field that has
 * another value stands behind that of the old one. Fields that only stand elsewhere, or are spelled otherwise, are no difference.
 */
export function fieldChanges(
  before: Readonly<RawHeaders>,
  after: Readonly<RawHeaders>,
  credentials: Credentials,
): string[] {
  const added = RawHeaders.pairs(after);
  const removed = RawHeaders.pairs(before).filter(([name, value]) => {
    const same = added.findIndex(([other, its]) => its === value && other.toLowerCase() === name.toLowerCase());
    if (same !== -1) added.splice(same, 1);
    return same === -1;
  });
  const lines: string[] = [];
  for (const [name, value] of removed) {
    lines.push(`- ${shownField(name, value, credentials)}`);
    const other = added.findIndex(([each]) => each.toLowerCase() === name.toLowerCase());
    if (other === -1) continue;
    const [[its, now]] = added.splice(other, 1) as [[string, string]];
    lines.push(`+ ${shownField(its, now, credentials)}`);
  }
  return [...lines, ...added.map(([name, value]) => `+ ${shownField(name, value, credentials)}`)];
}
