/**
 * An echo server inside GLib's main loop, which owns the thread, compared with the same server in Node's loop.
 *
 *   npx tsx bench/foreign/inside.ts [--messages 20000] [--rounds 5] [--connections 1,50]
 *
 * Each server is a process; the client is this one. Rounds alternate, and ratios are medians over the rounds: CPU time of the server
 * per message, and the median time of a round trip.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { connect, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { embedInGLib, embedReactor } from '../../src/foreign/index.js';
import { createReactor, type Transport } from '../../src/index.js';

const LOOPS = ['node', 'glib'] as const;
type Loop = (typeof LOOPS)[number];

const { values } = parseArgs({
  options: {
    serve: { type: 'string' },
    messages: { type: 'string', default: '20000' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '1,50' },
  },
});

/** Answers each message of the parent with the CPU time in microseconds. */
function serve(loop: Loop): void {
  const reactor = createReactor({ kind: 'native' });
  const echo = { dataReceived: (data: Buffer, transport: Transport) => void transport.write(data) };
  const port = reactor.listenTCP(0, () => echo, { interface: '127.0.0.1' });
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.send?.(port.getHost().port);
  if (loop === 'glib') void embedInGLib(embedReactor(reactor)).run();
}

interface Result {
  readonly cpuMicros: number;
  readonly tripMs: number;
}

class Server {
  readonly #child: ChildProcess;
  port = 0;

  constructor(loop: Loop) {
    this.#child = fork(fileURLToPath(import.meta.url), ['--serve', loop]);
  }

  receive(): Promise<number> {
    return new Promise((resolve) => void this.#child.once('message', resolve));
  }

  cpu(): Promise<number> {
    const answer = this.receive();
    this.#child.send('cpu');
    return answer;
  }

  end(): void {
    this.#child.kill();
  }
}

async function compare(): Promise<void> {
  const servers = new Map<Loop, Server>();
  for (const loop of LOOPS) {
    const server = new Server(loop);
    server.port = await server.receive();
    servers.set(loop, server);
  }
  for (const connections of values.connections.split(',').map(Number)) {
    const results = new Map<Loop, Result[]>(LOOPS.map((loop) => [loop, []]));
    for (let round = 0; round <= Number(values.rounds); round++) {
      for (const [loop, server] of servers) {
        const result = await measure(server, connections, Number(values.messages));
        if (round > 0) results.get(loop)?.push(result); // the first warms up
      }
    }
    report(connections, results);
  }
  for (const server of servers.values()) server.end();
}

async function measure(server: Server, connections: number, messages: number): Promise<Result> {
  const before = await server.cpu();
  const trips: number[] = [];
  const each = Math.ceil(messages / connections);
  await Promise.all(Array.from({ length: connections }, () => echoes(server.port, each, trips)));
  const cpuMicros = ((await server.cpu()) - before) / (each * connections);
  return { cpuMicros, tripMs: median(trips) };
}

function echoes(port: number, count: number, trips: number[]): Promise<void> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1').setNoDelay(true);
    const message = Buffer.alloc(64, 'x');
    let left = count;
    let sent = performance.now();
    socket.on('data', () => {
      trips.push(performance.now() - sent);
      left -= 1;
      if (left === 0) {
        socket.destroy();
        resolve();
        return;
      }
      sent = performance.now();
      socket.write(message);
    });
    socket.write(message);
  });
}

function report(connections: number, results: ReadonlyMap<Loop, readonly Result[]>): void {
  for (const [loop, rounds] of results) {
    const cpu = median(rounds.map(({ cpuMicros }) => cpuMicros)).toFixed(2);
    const trip = median(rounds.map(({ tripMs }) => tripMs)).toFixed(3);
    console.log(`${connections} connections, ${loop}: ${cpu} us CPU per message, p50 ${trip} ms`);
  }
  const ratio = (of: (result: Result) => number): string => {
    const [own = [], theirs = []] = LOOPS.map((loop) => results.get(loop)?.map(of));
    return median(theirs.map((value, round) => value / (own[round] ?? value))).toFixed(2);
  };
  const cpu = ratio(({ cpuMicros }) => cpuMicros);
  const trip = ratio(({ tripMs }) => tripMs);
  console.log(`${connections} connections, glib / node: CPU ${cpu}, p50 ${trip}`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

if (values.serve === undefined) await compare();
else serve(values.serve as Loop);
