/** A Redis server for tests, of node:net alone: strings, and publish/subscribe in RESP3. */
import { createServer, type Server, type Socket } from 'node:net';

interface Client {
  readonly socket: Socket;
  readonly channels: Set<string>;
  readonly patterns: Set<string>;
  isGreeted: boolean;
}

export class FakeRedis implements AsyncDisposable {
  readonly #server: Server;
  readonly #clients = new Set<Client>();
  readonly values = new Map<string, string>();
  /** All commands, their words joined by spaces. */
  readonly commands: string[] = [];
  /** Answers to commands by name, in place of its own. */
  readonly answers = new Map<string, string>();
  /** Requires it of `HELLO`, from now on. */
  password: string | undefined = undefined;
  /** Reads and answers nothing. */
  silent = false;

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async listen(port = 0): Promise<FakeRedis> {
    const fake = new FakeRedis();
    await new Promise<void>((resolve, reject) => {
      fake.#server.once('error', reject);
      fake.#server.listen(port, '127.0.0.1', resolve);
    });
    return fake;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get connections(): number {
    return this.#clients.size;
  }

  /** Channels and patterns with subscribers. */
  get subscriptions(): string[] {
    return [...this.#clients]
      .flatMap(({ channels, patterns }) => [...channels, ...patterns])
      .sort();
  }

  /** Ends all connections, with a reset. */
  dropConnections(): void {
    for (const { socket } of this.#clients) socket.resetAndDestroy();
  }

  /** @returns The number of subscriptions that received it. */
  publish(channel: string, data: string): number {
    let count = 0;
    for (const { socket, channels, patterns } of this.#clients) {
      if (channels.has(channel)) {
        socket.write(push(['message', channel, data]), 'latin1');
        count += 1;
      }
      for (const pattern of patterns) {
        if (!matches(pattern, channel)) continue;
        socket.write(push(['pmessage', pattern, channel, data]), 'latin1');
        count += 1;
      }
    }
    return count;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dropConnections();
    await new Promise((resolve) => void this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    const client: Client = {
      socket,
      channels: new Set(),
      patterns: new Set(),
      isGreeted: false,
    };
    this.#clients.add(client);
    let kept = '';
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('close', () => void this.#clients.delete(client));
    socket.on('data', (chunk: string) => {
      if (this.silent) return;
      kept += chunk;
      for (let read = readCommand(kept); read !== undefined; read = readCommand(kept)) {
        kept = kept.slice(read.length);
        this.commands.push(read.words.join(' '));
        const answer = this.#answer(client, read.words);
        if (answer !== '') socket.write(answer, 'latin1');
      }
    });
  }

  #answer(client: Client, [name = '', first = '', second = '', ...rest]: string[]): string {
    if (name === 'HELLO') return this.#hello(client, [second, ...rest]);
    if (!client.isGreeted) return '-NOAUTH say HELLO first\r\n';
    const given = this.answers.get(name);
    if (given !== undefined) return given;
    if (name === 'PING') return '+PONG\r\n';
    if (name === 'SELECT') return '+OK\r\n';
    if (name === 'SET') {
      this.values.set(first, second);
      return '+OK\r\n';
    }
    if (name === 'INCR') {
      this.values.set(first, `${Number(this.values.get(first) ?? 0) + 1}`);
      return `:${this.values.get(first)}\r\n`;
    }
    if (name === 'EXPIRE') return this.values.has(first) ? ':1\r\n' : ':0\r\n';
    if (name === 'GET') return bulk(this.values.get(first));
    if (name === 'PUBLISH') return `:${this.publish(first, second)}\r\n`;
    const topics = /^P/.test(name) ? client.patterns : client.channels;
    if (/^P?SUBSCRIBE$/.test(name)) topics.add(first);
    else if (/^P?UNSUBSCRIBE$/.test(name)) topics.delete(first);
    else return `-ERR unknown command '${name}'\r\n`;
    return push([name.toLowerCase(), first, client.channels.size + client.patterns.size]);
  }

  #hello(client: Client, [auth, , password]: string[]): string {
    const isRight = this.password === undefined || (auth === 'AUTH' && password === this.password);
    if (!isRight) return '-WRONGPASS invalid username-password pair\r\n';
    client.isGreeted = true;
    return '%1\r\n$5\r\nproto\r\n:3\r\n';
  }
}

function bulk(text: string | undefined): string {
  return text === undefined ? '_\r\n' : `$${text.length}\r\n${text}\r\n`;
}

function push(values: readonly (string | number)[]): string {
  const items = values.map((value) => (typeof value === 'number' ? `:${value}\r\n` : bulk(value)));
  return `>${values.length}\r\n${items.join('')}`;
}

function readCommand(text: string): { words: string[]; length: number } | undefined {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return undefined;
  let at = head[0].length;
  const words: string[] = [];
  for (let i = 0; i < Number(head[1]); i++) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (size === null) return undefined;
    at += size[0].length;
    const end = at + Number(size[1]);
    if (text.length < end + 2) return undefined;
    words.push(text.slice(at, end));
    at = end + 2;
  }
  return { words, length: at };
}

/** The globs of PSUBSCRIBE: `*`, `?` and escapes, but no sets. */
function matches(glob: string, channel: string): boolean {
  const source = glob.replace(/\\(.)|([*?])|([.+^${}()|[\]])/g, (_all, escaped, wild, plain) => {
    if (escaped !== undefined) return `\\x${escaped.charCodeAt(0).toString(16).padStart(2, '0')}`;
    if (wild !== undefined) return wild === '*' ? '[^]*' : '[^]';
    return `\\${plain}`;
  });
  return new RegExp(`^${source}$`).test(channel);
}
