// Loaded into the program by NODE_OPTIONS: a worker does what the file with its number in $WORKER_FAULTS says, once.
const { existsSync, readFileSync, unlinkSync } = require('node:fs');
const { isMainThread, workerData } = require('node:worker_threads');

const faults = {
  throw() {
    throw new Error('a fault of the test');
  },
  loop() {
    for (;;);
  },
  fill() {
    const all = [];
    for (;;) all.push(new Array(10_000).fill(Math.random()));
  },
};

if (!isMainThread) {
  const file = `${process.env.WORKER_FAULTS}/${workerData.index}`;
  setInterval(() => {
    if (!existsSync(file)) return;
    const fault = readFileSync(file, 'utf8');
    unlinkSync(file);
    faults[fault]();
  }, 50).unref();
}
