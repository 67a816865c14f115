// The servers that are compared: how each is started and found, and in which scenarios it stands.

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Child } from './children.js';
import { nativeTool } from './native-tools.js';
import { PEERS, TCP_CONTENDERS } from './paths.js';

const run = promisify(execFile);

/** What a server does with what it reads; `idle` is echo for connections that mostly rest. */
export type Mode = 'echo' | 'lines' | 'idle';

export interface Contender {
  readonly name: string;
  /** As it is called in reports. */
  readonly title: string;
  /** The program and its own arguments; `--mode` and `--port` are added. */
  readonly command: readonly string[];
  /** Prints its version. */
  readonly versionCommand: readonly string[];
  /** The scenarios in which it stands; undefined for all but `hold`. */
  readonly scenarios?: readonly string[];
  /** Part of a quick run. */
  readonly quick: boolean;
}

export interface RunningServer {
  readonly port: number;
  readonly pid: number;
  end(): Promise<void>;
}

/** A contender that is here, with its version, or one that is not, with the reason. */
export type Probe = { readonly version: string } | { readonly absent: string };

const START_DEADLINE_MS = 15_000;
const PYTHON = '/usr/bin/python3';
const BUN: string = join(PEERS, 'node_modules', '@oven', 'bun-linux-x64', 'bin', 'bun');
const NODE_VERSION = [process.execPath, '--version'];

const tcp = (file: string): string => join(TCP_CONTENDERS, file);
const ropewalk = (...args: string[]): string[] => [process.execPath, tcp('ropewalk.mjs'), ...args];

/** In the order of the reports' tables before they are sorted by cost. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: 'raw-epoll',
    title: 'raw epoll in C++',
    command: [nativeTool('raw_epoll_server')],
    versionCommand: ['g++', '-dumpfullversion'],
    quick: true,
  },
  {
    name: 'raw-epoll-busy',
    title: 'raw epoll in C++, 50 us busy poll',
    command: [nativeTool('raw_epoll_server'), '--busy-poll-us', '50'],
    versionCommand: ['g++', '-dumpfullversion'],
    scenarios: ['single'],
    quick: true,
  },
  {
    name: 'node-net',
    title: 'node:net',
    command: [process.execPath, tcp('node-net.mjs')],
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'node-net-corked',
    title: 'node:net, corked by hand',
    command: [process.execPath, tcp('node-net.mjs'), '--cork'],
    versionCommand: NODE_VERSION,
    scenarios: ['lines'],
    quick: true,
  },
  {
    name: 'ropewalk-native',
    title: 'Ropewalk, native reactor',
    command: ropewalk('--reactor', 'native'),
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'ropewalk-native-busy',
    title: 'Ropewalk, native reactor, 50 us busy poll',
    command: ropewalk('--reactor', 'native', '--busy-poll-us', '50'),
    versionCommand: NODE_VERSION,
    scenarios: ['single'],
    quick: true,
  },
  {
    name: 'ropewalk-node',
    title: 'Ropewalk, pure-JS reactor',
    command: ropewalk('--reactor', 'node'),
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'ropewalk-net',
    title: 'ropewalk/net (drop-in sockets)',
    command: [process.execPath, tcp('node-net.mjs'), '--from', 'ropewalk'],
    versionCommand: NODE_VERSION,
    quick: true,
  },
  {
    name: 'bun',
    title: 'Bun',
    command: [BUN, tcp('bun.mjs')],
    versionCommand: [BUN, '--version'],
    quick: false,
  },
  {
    name: 'uvloop',
    title: 'uvloop on CPython',
    command: [PYTHON, tcp('uvloop_echo.py')],
    versionCommand: [PYTHON, '-c', 'import uvloop; print(uvloop.__version__)'],
    quick: false,
  },
  {
    name: 'eventmachine',
    title: 'EventMachine on Ruby',
    command: ['ruby', tcp('eventmachine_echo.rb')],
    versionCommand: ['ruby', '-r', 'eventmachine', '-e', 'puts EM::VERSION'],
    quick: false,
  },
  {
    name: 'twisted',
    title: 'Twisted on CPython',
    command: [PYTHON, tcp('twisted_echo.py')],
    versionCommand: [PYTHON, '-c', 'import twisted; print(twisted.__version__)'],
    quick: false,
  },
];

/** Starts it in `mode` on `core`, and waits until it says its port. */
export async function startServer(
  contender: Contender,
  mode: Mode,
  core: number | undefined,
): Promise<RunningServer> {
  // taskset replaces itself by the server, so the pid is the server's.
  const pin = core === undefined ? [] : ['taskset', '-c', String(core)];
  const command = [...pin, ...contender.command, '--mode', mode, '--port', '0'];
  const child = await Child.start(contender.name, command);
  try {
    const line = await child.nextLine(START_DEADLINE_MS);
    const port = Number(/^PORT (\d+)$/.exec(line)?.[1]);
    if (!(port > 0)) throw new Error(`${contender.name} said '${line}' in place of its port`);
    return { port, pid: child.pid, end: () => child.end() };
  } catch (error) {
    await child.end();
    throw error;
  }
}

/** Whether it is here: it is started once, as it will be to measure it. */
export async function probe(contender: Contender): Promise<Probe> {
  const [program = ''] = contender.command;
  if (program.startsWith('/') && !existsSync(program)) return { absent: 'not installed' };
  try {
    const server = await startServer(contender, 'echo', undefined);
    await server.end();
    const [versionProgram = '', ...args] = contender.versionCommand;
    const { stdout } = await run(versionProgram, args);
    return { version: stdout.trim() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { absent: reason.slice(0, 200) };
  }
}
