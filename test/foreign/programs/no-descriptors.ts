/**
 * A loop closes a descriptor whose file stays open in another process, while this process may open no other. Argument: the kind of
 * reactor. Prints what was reported, and whether the loop was served and the program idle, before and after descriptors are free.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { attachForeignLoop } from '../../../src/foreign/index.js';
import { createReactor } from '../../../src/index.js';

const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

function openPipe(): { read: number; write: number } {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const read = openSync(path, O_RDONLY | O_NONBLOCK);
  const write = openSync(path, O_WRONLY | O_NONBLOCK);
  rmSync(folder, { recursive: true });
  return { read, write };
}

const full: number[] = [];

/** Opens descriptors until the process may have no more. */
function fillDescriptors(): void {
  try {
    for (;;) full.push(openSync('/dev/null', 'r'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error;
  }
}

const reports: string[] = [];
const reactor = createReactor({
  kind: process.argv[2] as 'native' | 'node',
  reportError: (error) => reports.push(String(error)),
});
const [closing, other] = [openPipe(), openPipe()];
const memory = Buffer.alloc(16);
let waits = [closing.read, other.read];
let served = 0;

const attachment = attachForeignLoop(reactor, {
  name: 'waiting',
  prepare: () => ({
    descriptors: waits.map((fd) => ({ fd, read: true })),
    until: Number.POSITIVE_INFINITY,
  }),
  dispatch: (ready) => {
    for (const { fd } of ready) {
      if (fd === closing.read && waits.length === 2) {
        closeSync(closing.read);
        fillDescriptors();
        waits = [other.read];
      } else {
        served += readSync(fd, memory);
      }
    }
  },
});

/** Waits until the loop was served once more, and then for as long as three retries. */
async function serve(): Promise<void> {
  const before = served;
  writeSync(other.write, 'x');
  while (served === before) await sleep(1);
  await sleep(150);
}

await sleep(1);
const holder = spawn('sleep', ['60'], { stdio: [closing.read, 'ignore', 'ignore'] });
await once(holder, 'spawn');
writeSync(closing.write, 'x');
await serve();
console.log(reports.join(), `spurious: ${attachment.statistics().spuriousWakeUps}`);
for (const fd of full) closeSync(fd);
await serve();
const { wakeUps } = attachment.statistics();
await sleep(150);
console.log(`served: ${served}, idle: ${attachment.statistics().wakeUps === wakeUps}`);
attachment.detach();
holder.kill();
