/** True in the project `long`, which takes its time. */
const isLong = process.env['GATEHOUSE_LONG'] === '1';

/** How much of something a test does: `usual` while a change waits for it, `long` in `npm run test:long`, where its file must be listed. */
export const scaled = <T>(usual: T, long: T): T => (isLong ? long : usual);
