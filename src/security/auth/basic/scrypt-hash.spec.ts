import { scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashPassword, ScryptHash } from './scrypt-hash.js';

/** The third vector of RFC 7914 §12. */
const vector = {
  salt: 'SodiumChloride',
  hash: '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
};
const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

describe('a scrypt hash', () => {
  it('is computed as in RFC 7914, with the parameters of its text', async () => {
    const tail = `${base64(Buffer.from(vector.salt))}$${base64(Buffer.from(vector.hash, 'hex'))}`;
    expect(await ScryptHash.parse(`$scrypt$ln=14,r=8,p=1$${tail}`)!.matches('pleaseletmein')).toBe(true);
    expect(await ScryptHash.parse(`$scrypt$ln=13,r=8,p=1$${tail}`)!.matches('pleaseletmein')).toBe(false);
    expect(await ScryptHash.parse(`$scrypt$ln=14,r=8,p=2$${tail}`)!.matches('pleaseletmein')).toBe(false);
  });

  it.each([
    '',
    '****',
    'plain',
    '$2b$12$abcdefghijklmnopqrstuv',
    '$scrypt$ln=9,r=8,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g',
    '$scrypt$ln=30,r=8,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2g',
    '$scrypt$ln=15,r=8,p=1$$aGFzaGhhc2hoYXNoaGFzaGhhc2g',
    '$scrypt$ln=15,r=8,p=1$c2FsdHNhbHRzYWx0$aGFz',
  ])('is not read from %j', text => {
    expect(ScryptHash.parse(text)).toBeUndefined();
  });

  it('matches the password that it was made of, and has a salt of its own each time', async () => {
    const text = await hashPassword('pässwörd');
    expect(text).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    const hash = ScryptHash.parse(text)!;
    expect(await hash.matches('pässwörd')).toBe(true);
    // With a salt of its own each time.
    expect(await hashPassword('pässwörd')).not.toBe(text);
  });

  it('matches a password in every Unicode form, and no other password', async () => {
    const salt = Buffer.from('sixteen bytes of');
    const key = scryptSync('pässwörd', salt, 32, { N: 2 ** 10, r: 8, p: 1 });
    const hash = ScryptHash.parse(`$scrypt$ln=10,r=8,p=1$${base64(salt)}$${base64(key)}`)!;
    expect(await hash.matches('pässwörd'.normalize('NFC'))).toBe(true);
    expect(await hash.matches('pässwörd'.normalize('NFD'))).toBe(true);
    expect(await hash.matches('passwort')).toBe(false);
    expect(await hash.matches('')).toBe(false);
    expect(await hash.unmatchable().matches('pässwörd')).toBe(false);
  });
});
