/** Reads a new password: from a terminal that does not show it, or as the only line of standard input. */
import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { UTF8_WITH_BOM } from '../internal/utf8.js';

/** The input is not a password. The message does not contain it. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

/** More than the longest password: a file that was meant for something else is not read to its end. */
const MAX_INPUT_BYTES = 16_384;

/** @throws InputError by the promise. */
export async function readNewPassword(user: string): Promise<string> {
  const password = process.stdin.isTTY ? await askTwice(user) : await onlyLine();
  if (password === '') throw new InputError('the password is empty');
  return password;
}

async function askTwice(user: string): Promise<string> {
  const terminal = new SilentTerminal();
  try {
    const first = await terminal.ask(`New password of ${user}: `);
    const second = await terminal.ask('Again: ');
    if (first !== second) throw new InputError('the two passwords differ; nothing was changed');
    // With TERM=dumb, keys that edit the line are characters of it.
    if (!/\p{Cc}/u.test(first)) return first;
    throw new InputError('the password has a control character; nothing was changed');
  } finally {
    terminal.close();
  }
}

/** Lines of the terminal, which are not shown. */
class SilentTerminal {
  readonly #lines: string[] = [];
  readonly #readline: Interface;
  #waiting: { resolve(line: string): void; reject(error: Error): void } | undefined;
  #closed = false;

  constructor() {
    const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
    this.#readline = createInterface({
      input: process.stdin,
      output: nowhere,
      terminal: true,
      historySize: 0,
    });
    this.#readline.on('line', (line) => {
      this.#lines.push(line);
      this.#next();
    });
    // In raw mode, Control-C is a character.
    this.#readline.on('SIGINT', () => {
      this.close();
      process.kill(process.pid, 'SIGINT');
    });
    this.#readline.on('close', () => {
      this.#closed = true;
      this.#next();
    });
  }

  /** @throws InputError by the promise: the input has ended. */
  async ask(prompt: string): Promise<string> {
    process.stderr.write(prompt);
    try {
      return await new Promise<string>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        this.#next();
      });
    } finally {
      process.stderr.write('\n');
    }
  }

  /** Restores the mode of the terminal. */
  close(): void {
    if (!this.#closed) this.#readline.close();
  }

  #next(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || (this.#lines.length === 0 && !this.#closed)) return;
    this.#waiting = undefined;
    const line = this.#lines.shift();
    if (line === undefined) waiting.reject(new InputError('there was no password'));
    else waiting.resolve(line);
  }
}

async function onlyLine(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_INPUT_BYTES) {
      throw new InputError(`standard input has more than ${MAX_INPUT_BYTES} octets`);
    }
  }
  const line = textOf(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  if (/[\r\n]/.test(line)) throw new InputError('standard input has more than one line');
  return line;
}

/** @throws InputError */
function textOf(octets: Buffer): string {
  try {
    return UTF8_WITH_BOM.decode(octets);
  } catch {
    throw new InputError('standard input is not UTF-8');
  }
}
