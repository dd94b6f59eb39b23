/**
 * Header fields as they stand on the wire: name, value, name, value … Order, spelling and repetition are kept.
 * The shape of `IncomingMessage.rawHeaders`, and what `ServerResponse.writeHead` and undici take as they are.
 */
export type RawHeaders = string[];
