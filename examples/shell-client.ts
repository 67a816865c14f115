// The terminal of a shell behind a UNIX socket: see examples/shell-server.ts.
import { parseArgs } from 'node:util';
import {
  ClientFactory,
  createReactor,
  openStdio,
  Protocol,
  type StdioTransport,
  type Transport,
} from 'ropewalk';

const { path } = parseArgs({
  options: { path: { type: 'string', default: '/tmp/shell.sock' } },
}).values;
const reactor = createReactor();

class Keyboard extends Protocol {
  readonly #shell: Transport;

  constructor(shell: Transport) {
    super();
    this.#shell = shell;
  }

  override dataReceived(data: Buffer): void {
    this.#shell.write(data);
  }

  override connectionLost(): void {
    this.#shell.loseConnection();
  }
}

class Shell extends Protocol {
  #terminal: StdioTransport | null = null;

  override connectionMade(): void {
    const onResize = (): void => this.#announceSize();
    this.#terminal = openStdio(reactor, () => new Keyboard(this.transport), { onResize });
    if (this.#terminal?.isTerminal) this.#terminal.setRawMode(true); // until it is closed
    this.#announceSize();
  }

  override dataReceived(data: Buffer): void {
    this.#terminal?.write(data);
  }

  override connectionLost(): void {
    this.#terminal?.loseConnection();
    reactor.stop();
  }

  #announceSize(): void {
    const size = this.#terminal?.getTerminalSize();
    if (size !== undefined) this.transport.write(`\x1b[8;${size.rows};${size.columns}t`);
  }
}

class Shells extends ClientFactory {
  override buildProtocol(): Shell {
    return new Shell();
  }

  override clientConnectionFailed(_connector: unknown, reason: Error): void {
    console.error(`shell-client: ${reason.message}`);
    process.exitCode = 1;
    reactor.stop();
  }
}

reactor.connectUNIX(path, new Shells());
await reactor.run();
