// Shared by the contenders in JavaScript: the harness's arguments, collecting garbage when a line arrives on
// standard input, and ending when it ends or SIGTERM arrives.

import { parseArgs } from 'node:util';

/** Reads `--mode`, `--port`, `--path`, `--target` and, besides these, the string options that are named. */
export function readArguments(more = {}) {
  const options = {
    mode: { type: 'string', default: 'echo' },
    port: { type: 'string', default: '0' },
    path: { type: 'string' },
    target: { type: 'string' },
    ...more,
  };
  const { values } = parseArgs({ options });
  return { ...values, port: Number(values.port) };
}

/** Host and port of `--target HOST:PORT`, which a proxy connects to. */
export function targetOf({ target }) {
  const [host, port] = target.split(':');
  return { host, port: Number(port) };
}

/** Of the inspector, which connects when the first collection is asked for. */
let session;

/** Collects all garbage, and returns the memory that the engine needs no longer to the operating system. */
async function collectGarbage() {
  if (globalThis.Bun !== undefined) {
    Bun.gc(true);
    return;
  }
  if (session === undefined) {
    const { Session } = await import('node:inspector/promises');
    session = new Session();
    session.connect();
  }
  await session.post('HeapProfiler.collectGarbage');
}

/**
 * Prints the port, or the path of the UNIX socket, and calls `stop` once when the harness has finished
 * with this process. Until then each line of standard input asks for a collection of garbage.
 */
export function announce(where, stop) {
  process.stdin.on('end', stop);
  process.stdin.on('data', async () => {
    await collectGarbage();
    console.log('COLLECTED');
  });
  console.log(typeof where === 'string' ? `PATH ${where}` : `PORT ${where}`);
}

/** How many datagrams `sink` takes for each that it answers, and `source` answers to each it takes. */
export const BURST = 64;
/** Of send and receive buffers; with the kernel's default a thousand peers overflow them. */
export const DATAGRAM_BUFFER_BYTES = 4 * 1024 * 1024;

/** Handles each datagram of a UDP server; `answer(data, from)` sends. */
export function datagramService(mode, answer) {
  if (mode === 'echo') return answer;
  if (mode === 'source') {
    return (data, from) => {
      for (let copy = 0; copy < BURST; copy++) answer(data, from);
    };
  }
  let received = 0;
  return (data, from) => {
    received++;
    if (received % BURST === 0) answer(data, from);
  };
}

/** Sends each complete line of a stream back in its own write; keeps a copy of an incomplete line. */
export class LineEcho {
  #rest = null;

  /** `sink` has `write(bytes)`: a socket or a transport. */
  feed(data, sink) {
    const bytes = this.#rest === null ? data : Buffer.concat([this.#rest, data]);
    let from = 0;
    for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, from)) {
      sink.write(bytes.subarray(from, at + 1));
      from = at + 1;
    }
    this.#rest = from < bytes.length ? Buffer.from(bytes.subarray(from)) : null;
  }
}
