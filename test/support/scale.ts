/** True in the project `long`, which takes its time, but in CI, which has not enough of it. */
const isLong = process.env['GATEHOUSE_LONG'] === '1' && process.env['GATEHOUSE_BRIEF'] !== '1';

/** How much of something a test does: `usual` while a change waits for it, `long` in `npm run test:long`, where its file must be listed. */
export const scaled = <T>(usual: T, long: T): T => (isLong ? long : usual);
