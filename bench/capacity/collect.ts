import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into a gateway before its own program (`--import`): with SIGUSR2, which the gateway itself leaves alone, each of its threads collects its garbage,
 * so that what is weighed is what is held. The main thread prints `COLLECTED` when it has.
 */
// A flag holds for all threads, so none takes it back: another one may just be asking for it.
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const channel = new BroadcastChannel('collect');
channel.unref();
if (isMainThread) {
  process.on('SIGUSR2', () => {
    channel.postMessage('');
    collect();
    process.stdout.write('COLLECTED\n');
  });
} else {
  channel.onmessage = () => collect();
}
