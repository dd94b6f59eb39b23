import { X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import { describeCertificate } from './client-certificate.js';

async function describeSubject(subject: { name?: string; shortName?: string; value: string }[]) {
  const { cert } = await generate(subject, { keyType: 'ec', algorithm: 'sha256' });
  return describeCertificate(new X509Certificate(cert));
}

describe("the description of a client's certificate for backends", () => {
  it('is its subject, the most specific part first, and its fingerprint', async () => {
    const told = await describeSubject([
      { shortName: 'C', value: 'DE' },
      { shortName: 'O', value: 'Example' },
      { name: 'commonName', value: 'alice' },
    ]);
    expect(told?.subject).toBe('CN=alice,O=Example,C=DE');
    expect(told?.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  });

  it('is in printable ASCII, escaped as RFC 4514 has it', () => {
    const told = describeCertificate({ subject: 'O=Ex\\, Inc\nCN=é€😀\\0D\\0A', fingerprint256: 'AB:01' });
    expect(told).toEqual({
      subject: 'CN=\\C3\\A9\\E2\\82\\AC\\F0\\9F\\98\\80\\0D\\0A,O=Ex\\, Inc',
      fingerprint: 'ab01',
    });
  });

  it('has no blanks around the + of a part with several attributes, and keeps those of values', () => {
    const subject = 'C=DE\nO=Ex\\+Co \\+ Sons + OU=a\\\\ + UID=7\nCN=x\\ +';
    expect(describeCertificate({ subject, fingerprint256: 'AB' })?.subject).toBe(
      'CN=x\\ +,O=Ex\\+Co \\+ Sons+OU=a\\\\+UID=7,C=DE',
    );
  });

  it('is nothing when the subject is too long to be passed on', async () => {
    const organization = Array.from({ length: 40 }, () => ({ shortName: 'O', value: 'x'.repeat(60) }));
    expect(await describeSubject(organization)).toBeUndefined();
  });
});
