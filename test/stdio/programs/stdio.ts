/** Echoes lines of standard input, and says when it has ended. Arguments: the reactor, how to end a raw terminal. */
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { openStdio, Protocol, type StdioTransport } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

const [name, ending] = process.argv.slice(2);
const reactor = reactorMaker(name).make();

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write('echo: ');
    this.transport.write(data);
  }

  readConnectionLost(): void {
    this.transport.write('end\n');
    this.transport.loseConnection();
  }

  override connectionLost(): void {
    process.stderr.write('lost\n');
  }
}

/** Runs stty(1) on the terminal. */
function stty(...args: string[]): string {
  return String(execFileSync('stty', args, { stdio: ['inherit', 'pipe', 'inherit'] }));
}

function mode(): string {
  return /-icanon/.test(stty('-a')) ? 'raw' : 'cooked';
}

function print(text: string): void {
  process.stderr.write(`${text}\r\n`);
}

const endings: Readonly<Record<string, (io: StdioTransport) => void>> = {
  close: (io) => io.loseConnection(),
  exit: () => process.exit(0),
  throws: () => {
    setImmediate(() => {
      throw new Error('on purpose');
    });
  },
  abort: () => process.abort(),
  // The kernel sends SIGWINCH to this process, which closes the connection then.
  resize: () => void stty('cols', '120'),
  continue: (io) => {
    stty('sane'); // like the shell while the process is stopped
    print(`stopped: ${mode()}`);
    process.once('SIGCONT', () => {
      print(`continued: ${mode()}`);
      io.loseConnection();
    });
    process.kill(process.pid, 'SIGCONT');
  },
};

if (ending === undefined) {
  openStdio(reactor, Echo);
} else {
  const io = openStdio(reactor, Protocol, {
    onResize({ columns, rows }) {
      print(`resized to ${columns} x ${rows}`);
      if (ending === 'resize') io.loseConnection();
    },
  }) as StdioTransport;
  const size = io.getTerminalSize();
  io.setRawMode(true);
  print(`${mode()}, ${size?.columns} x ${size?.rows}`);
  const end = endings[ending] ?? (() => process.kill(process.pid, ending as NodeJS.Signals));
  reactor.callLater(0, end, io);
}
