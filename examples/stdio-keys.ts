// Shows the bytes of each key until q is pressed, and the size of the window: `node --import tsx examples/stdio-keys.ts`.
import { createReactor, openStdio, Protocol, type StdioTransport } from 'ropewalk';

class Keys extends Protocol {
  override connectionMade(): void {
    const terminal = this.transport as StdioTransport;
    if (!terminal.isTerminal) {
      terminal.write('stdio-keys: standard input is not a terminal\n');
      terminal.loseConnection();
      return;
    }
    terminal.setRawMode(true); // until the connection is lost
    terminal.write('Press keys; q ends.\n');
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(`${data.toString('hex')} ${JSON.stringify(data.toString())}\n`);
    if (data.includes('q')) this.transport.loseConnection();
  }
}

const reactor = createReactor();
const terminal = openStdio(reactor, Keys, {
  onResize: ({ columns, rows }) => terminal?.write(`${columns} x ${rows}\n`),
});
