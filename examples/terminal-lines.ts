// A command line on the terminal, with editing, history (arrows, Ctrl-R) and completion (Tab).
import { createReactor, openStdio, type StdioTransport } from 'ropewalk';
import { type Completion, LineEditorProtocol, TerminalServerProtocol } from 'ropewalk/terminal';

const reactor = createReactor();

const COMMANDS: Readonly<Record<string, (rest: string) => string | Promise<string>>> = {
  echo: (rest) => rest,
  exit: () => '',
  help: () => Object.keys(COMMANDS).join(' '),
  wait: (seconds) =>
    new Promise((resolve) => reactor.callLater(Number(seconds) * 1000, () => resolve('done'))),
};

class CommandLine extends LineEditorProtocol {
  override prompt = '\x1b[32mrope>\x1b[m ';

  // Keys that are typed before the promise is fulfilled are kept.
  override async lineReceived(line: string): Promise<void> {
    const [name = '', ...rest] = line.trim().split(' ');
    if (name === '') return;
    if (name === 'exit') return this.loseConnection();
    const answer = await (COMMANDS[name]?.(rest.join(' ')) ?? `there is no ${name}: try help`);
    this.terminal.print(answer); // without control characters
    this.terminal.nextLine();
  }

  override complete(text: string, cursor: number): Completion {
    const names = Object.keys(COMMANDS).filter((name) => name.startsWith(text.slice(0, cursor)));
    return { from: 0, candidates: names.length === 1 ? [`${names[0]} `] : names };
  }

  override connectionMade(): void {
    const terminal = this.terminal.connection as StdioTransport;
    if (terminal.isTerminal) terminal.setRawMode(true); // until the connection is lost
    super.connectionMade();
  }

  override connectionLost(): void {
    if (reactor.running) reactor.stop();
  }
}

const server = new TerminalServerProtocol(() => new CommandLine(), { clock: reactor });
const terminal = openStdio(reactor, () => server, { onResize: (size) => server.resize(size) });
const size = terminal?.getTerminalSize();
if (size !== undefined) server.resize(size);
await reactor.run();
