// How often the main thread of an idle program wakes up: its voluntary context switches, and its system calls as strace sees them.
// Other threads are left out: those of V8 and of tsx, which compiles the program, have timers of their own.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface WakeUps {
  /** Each is an end of waiting. */
  readonly switches: number;
  /** Completed system calls in another stretch of time; undefined without strace. */
  readonly systemCalls: number | undefined;
}

export async function countWakeUps(pid: number, ms: number): Promise<WakeUps> {
  const before = voluntarySwitches(pid);
  await sleep(ms);
  const switches = voluntarySwitches(pid) - before;
  return { switches, systemCalls: await tracedCalls(pid, ms) };
}

export function voluntarySwitches(pid: number): number {
  const status = readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
}

async function tracedCalls(pid: number, ms: number): Promise<number | undefined> {
  try {
    await promisify(execFile)('strace', ['-V']);
  } catch {
    return undefined;
  }
  const strace = spawn('strace', ['-qq', '-p', `${pid}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  strace.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  await sleep(ms);
  strace.kill('SIGINT');
  await once(strace, 'close');
  return callsIn(text);
}

/** The call that strace interrupts when it attaches, and the one that it leaves unfinished, do not count. */
function callsIn(text: string): number {
  const calls = text.split('\n').filter((line) => / = -?\d/.test(line));
  return calls.filter((line, index) => index > 0 || !/EINTR/.test(line)).length;
}
