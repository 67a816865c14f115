/**
 * The price of an attached GLib context that has nothing to do: wake-ups of an idle program, and CPU time per pass of Node's loop.
 *
 *   npx tsx bench/foreign/idle.ts [--seconds 10] [--passes 200000]
 *
 * Wake-ups are voluntary context switches of the program's main thread (/proc/PID/task/TID/status): each sleep ends by one. The
 * programs are: Node alone; with a server of the native reactor; with that and a context that has a timeout in an hour and a
 * descriptor without input; and GLib's own main loop with the same sources, run by Node in place of its loop.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { attachForeignLoop, GLibLoop } from '../../src/foreign/index.js';
import { createReactor, Protocol, type Reactor } from '../../src/index.js';

const { values } = parseArgs({
  options: {
    program: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    passes: { type: 'string', default: '200000' },
  },
});

const HOUR_MS = 3_600_000;

function addSources(): { runGLib(): void } {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const g = koffi.load('libglib-2.0.so.0');
  const never = koffi.register(() => 1, koffi.pointer(koffi.proto('int (void *data)')));
  g.func('uint g_timeout_add(uint ms, void *callback, void *data)')(HOUR_MS, never, null);
  const pipe = koffi.load('libc.so.6').func('int pipe(_Out_ int *ends)');
  const ends: number[] = [0, 0];
  pipe(ends);
  const add = g.func('uint g_unix_fd_add(int fd, uint condition, void *callback, void *data)');
  add(ends[0], 1, never, null);
  const loop = g.func('void *g_main_loop_new(void *context, int running)')(null, 0);
  return { runGLib: () => g.func('void g_main_loop_run(void *loop)')(loop) };
}

function serve(kind: 'native' | 'node' = 'native'): Reactor {
  const reactor = createReactor({ kind });
  reactor.listenTCP(0, () => new Protocol(), { interface: '127.0.0.1' });
  return reactor;
}

const PROGRAMS: Readonly<Record<string, () => void>> = {
  'Node, a timer in an hour': () => void setTimeout(() => {}, HOUR_MS),
  server: () => void serve(),
  'server + GLib context': () => {
    addSources();
    attachForeignLoop(serve(), new GLibLoop());
  },
  'server of the pure-JS reactor + GLib context': () => {
    addSources();
    attachForeignLoop(serve('node'), new GLibLoop());
  },
  "GLib's main loop alone": () => {
    const { runGLib } = addSources();
    console.log('ready');
    runGLib();
  },
};

function switches(pid: number): number {
  const status = readFileSync(`/proc/${pid}/task/${pid}/status`, 'utf8');
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
}

async function wakeUps(program: string, seconds: number): Promise<number> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(import.meta.url), '--program', program],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  await wait(2000); // for what Node itself does after its start
  const before = switches(child.pid as number);
  await wait(seconds * 1000);
  const count = switches(child.pid as number) - before;
  child.kill('SIGKILL');
  return count;
}

/** CPU nanoseconds per pass of Node's loop. */
async function passes(count: number): Promise<number> {
  const start = process.cpuUsage();
  await new Promise<void>((resolve) => {
    let left = count;
    const next = (): void => {
      left -= 1;
      if (left === 0) resolve();
      else setImmediate(next);
    };
    next();
  });
  const { user, system } = process.cpuUsage(start);
  return ((user + system) * 1000) / count;
}

async function measurePasses(count: number): Promise<void> {
  const reactor = serve();
  addSources();
  const idle = {
    name: 'idle',
    prepare: () => WAIT,
    dispatch: () => {},
  };
  const WAIT = { descriptors: [], until: Number.POSITIVE_INFINITY };
  const costs = { none: [] as number[], GLib: [] as number[], JavaScript: [] as number[] };
  await passes(count); // warms up
  for (let round = 0; round < 7; round++) {
    costs.none.push(await passes(count));
    const glib = attachForeignLoop(reactor, new GLibLoop());
    costs.GLib.push(await passes(count));
    glib.detach();
    const script = attachForeignLoop(reactor, idle);
    costs.JavaScript.push(await passes(count));
    script.detach();
  }
  const median = (list: number[]): number => list.sort((a, b) => a - b)[3] ?? 0;
  const none = median(costs.none);
  console.log(`a pass of Node's loop: ${none.toFixed(0)} ns CPU`);
  for (const kind of ['GLib', 'JavaScript'] as const) {
    console.log(`  with a ${kind} loop attached: + ${(median(costs[kind]) - none).toFixed(0)} ns`);
  }
  await reactor[Symbol.asyncDispose]();
}

if (values.program !== undefined) {
  PROGRAMS[values.program]?.();
  console.log('ready');
} else {
  const seconds = Number(values.seconds);
  console.log(`wake-ups of the main thread in ${seconds} s:`);
  for (const program of Object.keys(PROGRAMS)) {
    console.log(`  ${String(await wakeUps(program, seconds)).padStart(5)}  ${program}`);
  }
  await measurePasses(Number(values.passes));
}
