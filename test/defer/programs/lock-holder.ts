/** Takes a lock, says so, and holds it until it is killed. */

import { DeferredFilesystemLock } from '../../../src/defer/filesystem-lock.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';

const [path = ''] = process.argv.slice(2);
const lock = new DeferredFilesystemLock(path, new ManualClock());
console.log(lock.lock() ? 'locked' : 'not locked');
setInterval(() => {}, 60_000);
