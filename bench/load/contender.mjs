// What the contenders written in JavaScript have in common: the arguments that the harness gives every
// contender, and their end when standard input ends or SIGTERM comes.

import { parseArgs } from 'node:util';

/** Reads `--mode`, `--port` and, besides these, the string options that are named. */
export function readArguments(more = {}) {
  const options = {
    mode: { type: 'string', default: 'echo' },
    port: { type: 'string', default: '0' },
    ...more,
  };
  const { values } = parseArgs({ options });
  return { ...values, port: Number(values.port) };
}

/** Says which port is served, and calls `stop` once when the harness is done with this process. */
export function announce(port, stop) {
  process.stdin.on('end', stop);
  process.stdin.resume();
  console.log(`PORT ${port}`);
}

/** Sends each whole line of a stream back by one write of its own; keeps the part of a line. */
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
    this.#rest = from < bytes.length ? bytes.subarray(from) : null;
  }
}
