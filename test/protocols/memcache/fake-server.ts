/** A memcache server for tests: get, gets, set, delete, incr, version and mn, of node:net alone. */
import { createServer, type Server, type Socket } from 'node:net';

export class FakeMemcache implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly values = new Map<string, { flags: string; data: Buffer }>();
  /** The lines of all commands. */
  readonly lines: string[] = [];
  /** Reads and answers nothing. */
  silent = false;
  /** The answer to every command, instead of the right one. */
  answer: string | undefined;

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async listen(port = 0): Promise<FakeMemcache> {
    const fake = new FakeMemcache();
    await new Promise<void>((resolve, reject) => {
      fake.#server.once('error', reject);
      fake.#server.listen(port, '127.0.0.1', resolve);
    });
    return fake;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  /** Ends all connections, with a reset. */
  dropConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let kept: Buffer = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => void this.#sockets.delete(socket));
    socket.on('data', (chunk) => {
      if (this.silent) return;
      kept = Buffer.concat([kept, chunk]);
      for (let end = kept.indexOf('\r\n'); end !== -1; end = kept.indexOf('\r\n')) {
        const line = kept.toString('latin1', 0, end);
        const words = line.split(' ');
        const size = words[0] === 'set' ? Number(words[4]) + 2 : 0;
        if (kept.length < end + 2 + size) return;
        const data = Buffer.from(kept.subarray(end + 2, end + 2 + Math.max(0, size - 2)));
        kept = kept.subarray(end + 2 + size);
        this.lines.push(line);
        socket.write(this.answer ?? this.#answer(words, data));
      }
    });
  }

  #answer(words: readonly string[], data: Buffer): Buffer | string {
    const [command, key = ''] = words;
    if (command === 'version') return 'VERSION fake\r\n';
    if (command === 'mn') return 'MN\r\n';
    if (command === 'set') {
      this.values.set(key, { flags: words[2] as string, data });
      return 'STORED\r\n';
    }
    if (command === 'delete') return this.values.delete(key) ? 'DELETED\r\n' : 'NOT_FOUND\r\n';
    if (command !== 'get' && command !== 'gets') return 'ERROR\r\n';
    const parts: Buffer[] = [];
    for (const name of words.slice(1)) {
      const found = this.values.get(name);
      if (found === undefined) continue;
      const cas = command === 'gets' ? ' 1' : '';
      const head = `VALUE ${name} ${found.flags} ${found.data.length}${cas}\r\n`;
      parts.push(Buffer.from(head), found.data, Buffer.from('\r\n'));
    }
    return Buffer.concat([...parts, Buffer.from('END\r\n')]);
  }
}
