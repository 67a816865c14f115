// What a window costs the server in its process, and what the server costs the window:
// `npx tsx bench/foreign/latency.ts [--quick] [--toolkits 'GTK 4,Qt 5'] [--parts idle,latency,frames]`. Linux, with the packages that
// test/interop/foreign needs. See bench/README.md.
import { parseArgs } from 'node:util';
import { Display } from '../../test/interop/foreign/display.js';
import { Child, endChildrenOnSignals } from '../harness/children.js';
import { exitWith } from '../harness/exit.js';
import { table } from '../harness/markdown-table.js';
import { Progress } from '../harness/progress.js';
import { quantile } from '../harness/statistics.js';
import { EchoClient } from './echo-client.js';
import { countWakeUps, type WakeUps } from './wake-ups.js';
import type { Answer } from './window-program.js';

const PROGRAM = 'bench/foreign/window-program.ts';
const PARTS = 'idle,latency,frames';
const TOOLKITS = 'GTK 4,GTK 3,Qt 6,Qt 5';
const START_MS = 60_000;
const SETTLE_MS = 2_000;
const STEADY_RATE = 2_000;
const LATE_FRAME_MS = 50;

interface Settings {
  readonly idleMs: number;
  readonly sliceMs: number;
  readonly slices: number;
  readonly steadyMs: number;
}

const FULL: Settings = { idleMs: 10_000, sliceMs: 1_000, slices: 10, steadyMs: 20_000 };
const QUICK: Settings = { idleMs: 2_000, sliceMs: 300, slices: 3, steadyMs: 2_000 };

/** A running window-program.ts. */
class Program {
  readonly #child: Child;
  readonly pid: number;
  readonly port: number;

  private constructor(child: Child, port: number) {
    this.#child = child;
    this.pid = child.pid;
    this.port = port;
  }

  static async start(
    env: Record<string, string>,
    args: readonly string[],
    flags: readonly string[] = [],
  ): Promise<Program> {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const command = [process.execPath, '--import', 'tsx', ...flags, PROGRAM, ...args];
    const child = await Child.start(args.join(' '), ['env', ...variables, ...command]);
    return new Program(child, Number(await child.nextLine(START_MS)));
  }

  /** What was measured since the last call; the window is as `state` says from now on. */
  async next(state: 'still' | 'animate'): Promise<Answer> {
    this.#child.writeLine(state);
    return JSON.parse(await this.#child.nextLine(START_MS)) as Answer;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGKILL'); // a program in g_main_loop_run ends in no other way
    await this.#child.end();
  }
}

/** V8 wakes up idle processes now and then to collect garbage, except with this flag. */
const WITHOUT_V8 = '--no-memory-reducer';

async function idle(
  env: Record<string, string>,
  toolkit: string,
  { idleMs }: Settings,
): Promise<string[][]> {
  const ways: [name: string, args: string[], flags: string[]][] = [
    ['no window, server of node:net', ['node'], []],
    ['its own loop, no server', ['toolkit', toolkit], []],
    ['inside Ropewalk, idle server', ['ropewalk', toolkit], []],
    [`the same, ${WITHOUT_V8}`, ['ropewalk', toolkit], [WITHOUT_V8]],
  ];
  const rows: string[][] = [];
  for (const [name, args, flags] of ways) {
    const program = await Program.start(env, args, flags);
    try {
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      const found: WakeUps = await countWakeUps(program.pid, idleMs);
      rows.push([toolkit, name, `${found.switches}`, `${found.systemCalls ?? 'no strace'}`]);
    } finally {
      await program.end();
    }
  }
  return rows;
}

/** The figures of one way to run the server: over all slices. */
class Figures {
  readonly latencies: number[] = [];
  /** CPU time per message in microseconds, of each slice. */
  readonly cpuUs: number[] = [];

  get p50Us(): number {
    return quantile(this.latencies, 0.5) * 1000;
  }

  get p99Us(): number {
    return quantile(this.latencies, 0.99) * 1000;
  }

  get cpuUsPerMessage(): number {
    return quantile(this.cpuUs, 0.5);
  }
}

async function slice(
  program: Program,
  client: EchoClient,
  ms: number,
  animate: boolean,
  into: Figures,
): Promise<void> {
  const state = animate ? 'animate' : 'still';
  let frameUs = 0;
  if (animate) {
    // The cost of drawing by itself.
    await program.next(state);
    await new Promise((resolve) => setTimeout(resolve, ms));
    const { cpuUs, frames } = await program.next(state);
    frameUs = cpuUs / Math.max(1, frames.length);
  }
  await program.next(state);
  const latencies = await client.pingPong(ms);
  const { cpuUs, frames } = await program.next('still');
  into.latencies.push(...latencies);
  into.cpuUs.push((cpuUs - frameUs * frames.length) / latencies.length);
}

/** Slices of all three ways alternate, so that other load on the machine affects them alike. */
async function latency(
  env: Record<string, string>,
  toolkit: string,
  settings: Settings,
): Promise<string[][]> {
  const plain = await Program.start(env, ['ropewalk']);
  const windowed = await Program.start(env, ['ropewalk', toolkit]);
  const plainClient = await EchoClient.connect(plain.port);
  const windowedClient = await EchoClient.connect(windowed.port);
  const figures = { none: new Figures(), still: new Figures(), moving: new Figures() };
  try {
    for (let i = 0; i <= settings.slices; i += 1) {
      const ways =
        i === 0 ? { none: new Figures(), still: new Figures(), moving: new Figures() } : figures;
      await slice(plain, plainClient, settings.sliceMs, false, ways.none);
      await slice(windowed, windowedClient, settings.sliceMs, false, ways.still);
      await slice(windowed, windowedClient, settings.sliceMs, true, ways.moving);
    }
  } finally {
    plainClient.close();
    windowedClient.close();
    await Promise.all([plain.end(), windowed.end()]);
  }
  const names = { none: 'no window', still: 'a still window', moving: '60 frames a second' };
  return (['none', 'still', 'moving'] as const).map((way) => {
    const of = figures[way];
    const ratio = (figure: number, to: number): string => (figure / to).toFixed(2);
    return [
      toolkit,
      names[way],
      of.p50Us.toFixed(1),
      ratio(of.p50Us, figures.still.p50Us),
      of.p99Us.toFixed(0),
      of.cpuUsPerMessage.toFixed(1),
      ratio(of.cpuUsPerMessage, figures.still.cpuUsPerMessage),
    ];
  });
}

async function frames(
  env: Record<string, string>,
  toolkit: string,
  { steadyMs }: Settings,
): Promise<string[][]> {
  const program = await Program.start(env, ['ropewalk', toolkit]);
  const client = await EchoClient.connect(program.port);
  const rows: string[][] = [];
  try {
    for (const rate of [0, STEADY_RATE]) {
      await program.next('animate');
      await client.steady(SETTLE_MS, rate);
      await program.next('animate');
      const messages = await client.steady(steadyMs, rate);
      const answer = await program.next('animate');
      const [clock, calls] = [gaps(answer.frames), gaps(answer.calls)];
      const late = clock.filter((gap) => gap > LATE_FRAME_MS).length;
      rows.push([
        toolkit,
        `${Math.round((messages * 1000) / steadyMs)}`,
        `${answer.frames.length}`,
        quantile(clock, 0.5).toFixed(1),
        Math.max(...clock).toFixed(1),
        Math.max(...calls).toFixed(1),
        `${late}`,
      ]);
    }
  } finally {
    client.close();
    await program.end();
  }
  return rows;
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, index) => time - (times[index] ?? time));
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      toolkits: { type: 'string', default: TOOLKITS },
      parts: { type: 'string', default: PARTS },
    },
  });
  endChildrenOnSignals();
  const settings = values.quick === true ? QUICK : FULL;
  const toolkits = values.toolkits.split(',');
  const progress = new Progress();
  await using display = await Display.start();
  const parts = [
    {
      title: `Wake-ups of an idle program in ${settings.idleMs / 1000} s`,
      head: ['toolkit', 'loop', 'switches', 'system calls'],
      measure: idle,
    },
    {
      title:
        'Echo of 64 bytes, in microseconds; ratios to a still window; CPU without that of drawing',
      head: ['toolkit', 'window', 'p50', 'ratio', 'p99', 'CPU per message', 'ratio'],
      measure: latency,
    },
    {
      title: `Times between frames in milliseconds; late: more than ${LATE_FRAME_MS} ms`,
      head: [
        'toolkit',
        'messages/s',
        'frames',
        'median',
        'longest',
        'longest by our clock',
        'late',
      ],
      measure: frames,
    },
  ];
  const wanted = values.parts.split(',');
  for (const { title, head, measure } of parts.filter((part) =>
    wanted.includes(part.measure.name),
  )) {
    const rows: string[][] = [];
    for (const toolkit of toolkits) {
      progress.step(`${measure.name}, ${toolkit}`, 'measuring');
      rows.push(...(await measure(display.env, toolkit, settings)));
    }
    progress.clear();
    console.log(`\n${title}\n\n${table(head, rows, ['left'])}`);
  }
  return 0;
}

await exitWith(main);
