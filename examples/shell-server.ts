// A shell for each connection to a UNIX socket: connect with examples/shell-client.ts, or with
// `socat -,raw,echo=0 UNIX-CONNECT:/tmp/shell.sock`. Only the user of the server can.
import { parseArgs } from 'node:util';
import {
  createReactor,
  ProcessProtocol,
  type ProcessTransport,
  Protocol,
  type Transport,
  type UNIXTransport,
} from 'ropewalk';
import { ResizeLimiter } from 'ropewalk/terminal';

const { values } = parseArgs({
  options: {
    path: { type: 'string', default: '/tmp/shell.sock' },
    shell: { type: 'string', default: 'bash' },
    term: { type: 'string', default: 'xterm-256color' },
  },
});
/** A client announces the size of its window like this, in one piece: ESC [ 8 ; rows ; columns t. */
const SIZE = /\p{Cc}\[8;(\d{1,5});(\d{1,5})t/gu;

class Shell extends ProcessProtocol {
  readonly #client: Transport;

  constructor(client: Transport) {
    super();
    this.#client = client;
  }

  override outReceived(data: Buffer): void {
    this.#client.write(data);
  }

  override processEnded(): void {
    this.#client.unregisterProducer();
    this.#client.loseConnection();
  }
}

class Session extends Protocol {
  readonly #sizes = new ResizeLimiter(reactor, (size) => {
    if (this.#shell?.pid !== undefined) this.#shell.setTerminalSize(size);
  });
  #shell: ProcessTransport | undefined;

  override connectionMade(): void {
    const client = this.transport as UNIXTransport;
    if (client.getPeerCredentials()?.uid !== process.geteuid?.()) {
      client.abortConnection();
      return;
    }
    const env = { ...process.env, TERM: values.term };
    this.#shell = reactor.spawnProcess(new Shell(client), values.shell, { env, pty: true });
    // Each side is paused while the other one does not read.
    client.registerProducer(this.#shell, true);
    this.#shell.registerProducer(client, true);
  }

  override dataReceived(data: Buffer): void {
    const keys = data.toString('latin1').replace(SIZE, (_, rows: string, columns: string) => {
      this.#sizes.resize({ columns: Number(columns), rows: Number(rows) });
      return '';
    });
    this.#shell?.write(Buffer.from(keys, 'latin1'));
  }

  override connectionLost(): void {
    this.#sizes.stop();
    this.#shell?.unregisterProducer();
    this.#shell?.loseConnection(); // the terminal is gone: SIGHUP
  }
}

const reactor = createReactor({ kind: 'native' });
try {
  reactor.listenUNIX(values.path, Session, { mode: 0o600, wantPID: true });
  console.log(`shell server listening on ${values.path}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`shell-server: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
