import { RawHeaders } from '../fields/raw-headers.js';

/** What a signature is made of. */
interface SignatureSettings {
  /** `requestId` of the configuration: the name in lower case, and whether clients get the id. */
  readonly requestId: { readonly header: string; readonly echo: boolean };
  /** Tells this gateway from others: a token (RFC 9110 §5.6.2) that all threads and processes of one gateway share. */
  readonly instance: string;
}

/** By what a gateway makes itself known in messages: its entry in `Via`, and the field with the id of a request. Immutable. */
export class Signature {
  /** The name of the field that carries the id of a request, as it is spelled: `X-Request-Id`. */
  readonly idField: string;
  readonly #echo: boolean;
  readonly #vias: Readonly<Record<string, string>>;
  readonly #own: RegExp;

  constructor({ requestId: { header, echo }, instance }: SignatureSettings) {
    this.idField = header.replace(/(?:^|-)[a-z]/g, letters => letters.toUpperCase());
    this.#echo = echo;
    const pseudonym = `gatehouse-${instance}`;
    const versions = ['1.0', '1.1', '2.0'];
    this.#vias = Object.fromEntries(versions.map(version => [version, `${version} ${pseudonym}`]));
    const name = pseudonym.replace(/[.*+?^$|\\]/g, '\\$&');
    this.#own = new RegExp(`(?:^|,)[ \\t]*[^\\s,]+[ \\t]+${name}[ \\t]*(?:[(,]|$)`);
  }

  /** The entry in `Via` of a message that came by this version (RFC 9110 §7.6.3): `1.1 gatehouse-4be1f6a09c27`. */
  via(httpVersion: string): string {
    return this.#vias[httpVersion] ?? this.#vias['1.1']!;
  }

  /** Whether a message with this `Via` has come through this gateway before. */
  isOn(via: string | undefined): boolean {
    return via !== undefined && this.#own.test(via);
  }

  /** Puts the id of its request into the fields of a response, in place of any other; nothing where clients do not get it. */
  tell(headers: RawHeaders, id: string): void {
    if (this.#echo) RawHeaders.set(headers, this.idField, id);
  }

  /** Whether the field of that name, in lower case, is the one that clients get the id by. */
  tells(lower: string): boolean {
    return this.#echo && isSame(lower, this.idField);
  }
}

function isSame(name: string, other: string): boolean {
  return name.length === other.length && name.toLowerCase() === other.toLowerCase();
}
