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

const endings: Readonly<Record<string, (io: StdioTransport) => void>> = {
  close: (io) => io.loseConnection(),
  exit: () => process.exit(0),
  throws: () => {
    setImmediate(() => {
      throw new Error('on purpose');
    });
  },
  abort: () => process.abort(),
};

if (ending === undefined) {
  openStdio(reactor, Echo);
} else {
  const io = openStdio(reactor, Protocol) as StdioTransport;
  const size = io.getTerminalSize();
  io.setRawMode(true);
  const modes = execFileSync('stty', ['-a'], { stdio: ['inherit', 'pipe', 'inherit'] });
  const mode = /-icanon/.test(String(modes)) ? 'raw' : 'cooked';
  process.stderr.write(`${mode}, ${size?.columns} x ${size?.rows}\r\n`);
  const end = endings[ending] ?? (() => process.kill(process.pid, ending as NodeJS.Signals));
  reactor.callLater(0, end, io);
}
