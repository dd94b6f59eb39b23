/** What a field value can hold besides ASCII has to be written as bytes: every character beyond is more than one in UTF-8. */
const beyondAscii = /[^\0-\x7f]/;
const beyondLatin1 = /[^\0-\xff]/;

/**
 * A text as the value of a field: its bytes in UTF-8, each as a character, which is how heads are written (RFC 9110 §5.5
 * has bytes above 7f as opaque; UTF-8 is what everybody makes of them).
 */
export function fieldValueOf(text: string): string {
  return beyondAscii.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}

/**
 * The same for what may be a value already, as a field came: bytes as characters stay as they are. What has a character that is no
 * byte can only be a text.
 */
export function fieldValueFrom(value: string): string {
  return beyondLatin1.test(value) ? fieldValueOf(value) : value;
}
