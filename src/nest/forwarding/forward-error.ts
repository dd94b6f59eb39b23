/** A request cannot be forwarded because of what the application has done, or asks for: no upstream of that name, a body that is gone, a response that has begun. */
export class ForwardError extends Error {
  override readonly name = 'ForwardError';
}
