function tableOf(isMember: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (isMember(code) ? 1 : 0));
}

const tokens = new Set(
  [..."!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"].map(each => each.charCodeAt(0)),
);

/** 1 for the characters of a token (RFC 9110 §5.6.2): methods, field names, names of chunk extensions. */
export const isToken = tableOf(code => tokens.has(code));

/** 1 for the characters of a field value and of a reason phrase (RFC 9110 §5.5): all but controls, and the tab. */
export const isText = tableOf(code => code === 9 || (code >= 0x20 && code !== 0x7f));

/** 1 for the characters of a request target: all visible ones of ASCII (RFC 9112 §3.2). */
export const isVisible = tableOf(code => code > 0x20 && code < 0x7f);

/** The value of a hexadecimal digit by its code; 255 for what is none. */
export const hexValue = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 255 : value;
});

export const TAB = 9;
export const LF = 10;
export const CR = 13;
export const SPACE = 32;
export const COLON = 58;
