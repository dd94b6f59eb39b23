// Loaded into the program by NODE_OPTIONS. What a worker does is said by files in $WORKER_FAULTS that begin with its number:
// `1`           holds a fault, which happens once
// `1-at-start`  holds a fault, which happens whenever the worker begins, as long as the file is there
// `1-at-KIND`   has the worker take no message from the first of this kind on, as long as the file is there; it makes `1-has-KIND` when it comes
const { existsSync, readFileSync, unlinkSync, writeFileSync } = require('node:fs');
const { isMainThread, parentPort, workerData } = require('node:worker_threads');

const faults = {
  throw() {
    throw new Error('a fault of the test');
  },
  // Without end, and without the time of a core that the other tests need.
  loop() {
    const cell = new Int32Array(new SharedArrayBuffer(4));
    for (;;) Atomics.wait(cell, 0, 0, 10);
  },
  fill() {
    const all = [];
    for (;;) all.push(new Array(200_000).fill(Math.random()));
  },
};

if (!isMainThread) {
  const file = `${process.env.WORKER_FAULTS}/${workerData.index}`;
  if (existsSync(`${file}-at-start`)) faults[readFileSync(`${file}-at-start`, 'utf8')]();
  const waiting = [];
  let held;
  const isHeld = ({ kind }) => {
    if (held === undefined && existsSync(`${file}-at-${kind}`)) {
      held = `${file}-at-${kind}`;
      writeFileSync(`${file}-has-${kind}`, '');
    }
    return held !== undefined;
  };
  let take;
  const on = parentPort.on;
  parentPort.on = function (event, listener) {
    if (event !== 'message') return on.call(this, event, listener);
    take = listener;
    return on.call(this, event, message => {
      if (isHeld(message)) waiting.push(message);
      else take(message);
    });
  };
  const release = async () => {
    while (waiting.length > 0) {
      take(waiting.shift());
      // As between messages of a port.
      await Promise.resolve();
    }
    held = undefined;
  };
  setInterval(() => {
    if (held !== undefined && !existsSync(held)) void release();
    if (!existsSync(file)) return;
    const fault = readFileSync(file, 'utf8');
    if (fault === '') return;
    unlinkSync(file);
    faults[fault]();
  }, 50).unref();
}
