/** What the operating system says of this process's sockets, and places on loopback that answer in unusual ways. */
import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { mkdtempSync, openSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Address } from '../../src/index.js';
import { PATIENCE, within } from './deadline.js';
import { RawPeer } from './raw-peer.js';

/** Whether this machine has IPv6 on loopback. */
export async function hasIPv6(): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(0, '::1', () => void server.close(() => resolve(true)));
  });
}

function hasCommand(command: string): boolean {
  return spawnSync(command, ['-V'], { stdio: 'ignore' }).error === undefined;
}

export const HAS_SS: boolean = process.platform === 'linux' && hasCommand('ss');
/** Whether {@link readSocketOption} works here. */
export const CAN_READ_OPTIONS: boolean = HAS_SS && hasCommand('perl');

/** The port of a TCP or UDP address. */
export function portIn(address: Address): number {
  if (!('port' in address)) throw new Error(`${address} has no port`);
  return address.port;
}

/** `ss` about the TCP sockets with this local port: listening ones, or connections with their TCP state. */
export function ss(localPort: number, kind: 'listening' | 'connections'): string {
  const flags = kind === 'listening' ? '-tlnH' : '-tinmoH';
  return execFileSync('ss', [flags, 'sport', '=', `:${localPort}`], { encoding: 'utf8' });
}

/** Numbers of setsockopt(2) on Linux. */
export const SOCKET_OPTION = {
  keepAlive: [1, 9],
  linger: [1, 13],
  sendBuffer: [1, 7],
  receiveBuffer: [1, 8],
  reuseAddress: [1, 2],
  reusePort: [1, 15],
  noDelay: [6, 1],
  keepAliveIdle: [6, 4],
  keepAliveInterval: [6, 5],
  keepAliveCount: [6, 6],
  deferAccept: [6, 9],
  userTimeout: [6, 18],
  fastOpen: [6, 23],
  fastOpenConnect: [6, 30],
  ipv6Only: [41, 26],
} as const;

/** What tells a socket of this process from the others. */
export interface SocketKey {
  readonly localPort: number;
  /** 0 for a listening socket. */
  readonly remotePort: number;
}

/** getsockopt(2) on a socket of this process, asked by a Perl that inherits it: no help from the reactor is needed. */
export function readSocketOption(key: SocketKey, option: keyof typeof SOCKET_OPTION): number[] {
  const fd = descriptorOf(key);
  const [level, name] = SOCKET_OPTION[option];
  const program =
    `open(my $s, "+<&=", 3) or die $!; my $v = getsockopt($s, ${level}, ${name}); ` +
    'defined $v or die $!; print join(",", unpack("i*", $v));';
  const { stdout, stderr, status } = spawnSync('perl', ['-e', program], {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`getsockopt(${option}): ${stderr}`);
  return stdout.split(',').map(Number);
}

function descriptorOf({ localPort, remotePort }: SocketKey): number {
  const inode = inodeOf(localPort, remotePort);
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${name}`) === `socket:[${inode}]`) return Number(name);
    } catch {
      // The descriptor of this very listing is gone by now.
    }
  }
  throw new Error(`this process has no socket ${localPort} - ${remotePort}`);
}

/** Asked of `ss`, which lets the kernel search: /proc/net/tcp grows long on a busy machine. */
function inodeOf(localPort: number, remotePort: number): string {
  const query =
    remotePort === 0
      ? ['-tlneH', 'sport', '=', `:${localPort}`]
      : ['-tneH', 'sport', '=', `:${localPort}`, 'and', 'dport', '=', `:${remotePort}`];
  const inode = /\bino:(\d+)/.exec(execFileSync('ss', query, { encoding: 'utf8' }))?.[1];
  if (inode === undefined) throw new Error(`the system has no socket ${localPort} - ${remotePort}`);
  return inode;
}

/**
 * A port of 127.0.0.1 whose connection attempts stay unanswered: a listener that never accepts, its queue full, so
 * that the system drops further SYNs. The listener lives in a worker that is blocked.
 */
export class Blackhole implements AsyncDisposable {
  readonly port: number;
  readonly #worker: Worker;
  readonly #fillers: readonly RawPeer[];

  private constructor(port: number, worker: Worker, fillers: readonly RawPeer[]) {
    this.port = port;
    this.#worker = worker;
    this.#fillers = fillers;
  }

  static async open(): Promise<Blackhole> {
    const worker = new Worker(
      `const { createServer } = require('node:net');
       const { parentPort } = require('node:worker_threads');
       const server = createServer();
       server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
         parentPort.postMessage(server.address().port);
         setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
       });`,
      { eval: true },
    );
    const port = await within(
      new Promise<number>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', resolve);
      }),
      'a blackhole',
    );
    const fillers: RawPeer[] = [];
    for (;;) {
      try {
        fillers.push(await connectWithin(port, 150 * PATIENCE));
      } catch {
        return new Blackhole(port, worker, fillers);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#fillers.map((filler) => filler[Symbol.asyncDispose]()));
    await this.#worker.terminate();
  }
}

async function connectWithin(port: number, ms: number): Promise<RawPeer> {
  const late = new AbortController();
  // However late the timer is, what was answered meanwhile is heard of before it is given up.
  const timer = setTimeout(() => setImmediate(() => late.abort()), ms);
  try {
    const attempt = RawPeer.connect(port, '127.0.0.1', { signal: late.signal });
    return await within(attempt, 'a place in a queue');
  } finally {
    clearTimeout(timer);
  }
}

/** Holds up every thread of libuv's pool until it is let go: each opens a FIFO that has no writer. */
export function stallThreadPool(): AsyncDisposable {
  const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
  const fifo = join(folder, 'fifo');
  execFileSync('mkfifo', [fifo]);
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4);
  const opened = Array.from({ length: threads }, () => fs.promises.open(fifo, 'r'));
  let stalled = true;
  return {
    async [Symbol.asyncDispose]() {
      if (!stalled) return;
      stalled = false;
      // Both ends at once never blocks (fifo(7)), and lets every reader through.
      const writer = openSync(fifo, 'r+');
      for (const handle of await Promise.all(opened)) await handle.close();
      fs.closeSync(writer);
      rmSync(folder, { recursive: true });
    },
  };
}
