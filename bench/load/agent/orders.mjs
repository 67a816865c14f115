// Shared by the HTTP clients that are compared: the orders of the load client (bench/native/order_load.h), and the check of answers.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { announce, readArguments } from '../contender.mjs';

const FILE_NAME = 'file.txt';

/** The arguments of a client, and the URL that it asks for. */
export function clientArguments(more = {}) {
  const args = readArguments({ root: { type: 'string' }, ...more });
  const origin = `http://${args.target}`;
  return { ...args, origin, path: `/${FILE_NAME}`, url: `${origin}/${FILE_NAME}` };
}

/** Checks content that comes in pieces: its length, and its first and last bytes. */
export class Download {
  #length = 0;
  #isRight = true;
  #expected;

  constructor(expected) {
    this.#expected = expected;
  }

  take(piece) {
    if (!isPart(piece, this.#expected, this.#length)) this.#isRight = false;
    this.#length += piece.length;
  }

  get isRight() {
    return this.#isRight && this.#length === this.#expected.length;
  }
}

/** Comparing all bytes would cost each client the same, and hide what differs. */
function isPart(piece, expected, at) {
  const last = piece.length - 1;
  return piece[0] === expected[at] && piece[last] === expected[at + last];
}

/**
 * Obeys the load client until the harness has finished. `requests` has `get(text)`, which compares the whole content, and
 * `download(download)`, which takes it in pieces; both return a promise of whether it was right. The mode chooses one of them.
 */
export function obey({ port, mode, root }, requests, stop = () => process.exit(0)) {
  const expected = readFileSync(join(root, FILE_NAME));
  const text = expected.toString();
  const request =
    mode === 'get' ? () => requests.get(text) : () => requests.download(new Download(expected));
  const server = createServer((socket) => {
    let isGoing = false;
    let underWay = 0;
    let answered = 0;
    let wrong = 0;
    const ended = (isRight) => {
      answered += 1;
      if (!isRight) wrong += 1;
      if (isGoing) next();
      else if (--underWay === 0) socket.write(`done ${answered} ${wrong}\n`);
    };
    const failed = (error) => {
      console.error(error);
      process.exit(1);
    };
    const next = () => void request().then(ended, failed);
    socket.on('error', () => {});
    socket.on('data', (data) => {
      const [order, count] = String(data).trim().split(' ');
      isGoing = order === 'go';
      if (!isGoing) return;
      answered = 0;
      wrong = 0;
      underWay = Number(count);
      for (let i = 0; i < underWay; i++) next();
    });
  });
  server.listen(port, '127.0.0.1', () => announce(server.address().port, stop));
}
