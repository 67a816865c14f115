// What the contenders written in JavaScript have in common: the arguments that the harness gives every
// contender, and their end when standard input ends or SIGTERM comes.

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

/**
 * Says which port, or path of a UNIX socket, is served, and calls `stop` once when the harness is done
 * with this process.
 */
export function announce(where, stop) {
  process.stdin.on('end', stop);
  process.stdin.resume();
  console.log(typeof where === 'string' ? `PATH ${where}` : `PORT ${where}`);
}

/** How many datagrams `sink` takes for each that it answers, and `source` answers to each it takes. */
export const BURST = 64;
/** Of send and receive buffers; with the kernel's default a thousand peers overflow them. */
export const DATAGRAM_BUFFER_BYTES = 4 * 1024 * 1024;

/** What a UDP server does with each datagram; `answer(data, from)` sends. */
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

/** Sends each whole line of a stream back by one write of its own; keeps a copy of a part of a line. */
export class LineEcho {
  #rest = null;

  /** `sink` is whatever has `write(bytes)`: a socket or a transport. */
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
