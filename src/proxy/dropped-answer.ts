/** Bytes of a dropped answer that are read, to keep the connection; of a longer one it is closed. */
export const maxDropped = 64 * 1024;

/** Milliseconds in which an answer that is dropped must have ended for its connection to be kept. */
export const droppedWithin = 100;
