/** Redis and NATS servers that can be killed and started again at the same address. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PeerProgram } from '../../support/peers.js';
import { closedPort } from '../../support/raw-peer.js';

export interface BrokerServer extends AsyncDisposable {
  /** An endpoint for Redis, `host:port` for NATS. */
  readonly address: string;
  start(): Promise<void>;
  /** Ends it at once, as a crash does. */
  kill(): Promise<void>;
  /** Stops it: it keeps its connections and answers nothing. */
  pause(): void;
  resume(): void;
}

class ProgramServer implements BrokerServer {
  readonly address: string;
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #readyLine: RegExp;
  readonly #folder: string;
  #program: PeerProgram | undefined;

  constructor(
    address: string,
    command: string,
    args: readonly string[],
    readyLine: RegExp,
    folder: string,
  ) {
    this.address = address;
    this.#command = command;
    this.#args = args;
    this.#readyLine = readyLine;
    this.#folder = folder;
  }

  async start(): Promise<void> {
    const program = new PeerProgram(this.#command, this.#args, this.#folder);
    this.#program = program;
    await program.until(() => this.#readyLine.test(program.stdout + program.stderr), 'to be ready');
  }

  async kill(): Promise<void> {
    const program = this.#program;
    this.#program = undefined;
    program?.process.kill('SIGKILL');
    await program?.end();
  }

  pause(): void {
    this.#program?.process.kill('SIGSTOP');
  }

  resume(): void {
    this.#program?.process.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }
}

/** @param durable Whether each write is on disk before it is confirmed. */
export async function redisServer(durable = false): Promise<BrokerServer> {
  const folder = await mkdtemp(join(tmpdir(), 'ropewalk-redis-'));
  const socket = join(folder, 'socket');
  const saving = durable ? ['--appendonly', 'yes', '--appendfsync', 'always'] : [];
  const args = ['--port', '0', '--unixsocket', socket, '--save', '', '--dir', folder, ...saving];
  const ready = /ready to accept connections[^\n]*\n/i;
  const server = new ProgramServer(`unix:${socket}`, 'redis-server', args, ready, folder);
  await server.start();
  return server;
}

// A name in a variable: the package's types are not needed.
const NATS: string = '@nats-io/transport-node';

/** @param options Further arguments. */
export async function natsServer(...options: readonly string[]): Promise<BrokerServer> {
  // Without the package, each test would try to connect until its deadline.
  await import(NATS);
  const folder = await mkdtemp(join(tmpdir(), 'ropewalk-nats-'));
  const port = await closedPort();
  const args = ['-a', '127.0.0.1', '-p', `${port}`, ...options];
  const ready = /Server is ready[^\n]*\n/;
  const server = new ProgramServer(`127.0.0.1:${port}`, 'nats-server', args, ready, folder);
  await server.start();
  return server;
}
