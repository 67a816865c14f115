// A terminal for a serial line: `node --import tsx examples/serial-terminal.ts --device /dev/ttyUSB0 --baud 115200`. Ctrl-] ends it.
import { parseArgs } from 'node:util';
import { createReactor, openSerialPort, openStdio, Protocol, type Transport } from 'ropewalk';

const ESCAPE = 0x1d; // Ctrl-]

/** Passes the bytes of one transport on to another. */
class Side extends Protocol {
  override readonly acceptsLentBytes = true;
  other: Transport | undefined;

  override dataReceived(data: Buffer): void {
    if (this === keyboard && data.includes(ESCAPE)) this.transport.loseConnection();
    else this.other?.write(data);
  }

  override connectionLost(): void {
    this.other?.loseConnection();
  }
}

const [keyboard, line] = [new Side(), new Side()];
try {
  const options = { device: { type: 'string' }, baud: { type: 'string' } } as const;
  const { device = '/dev/ttyUSB0', baud = '9600' } = parseArgs({ options }).values;
  const reactor = createReactor();
  const port = openSerialPort(reactor, device, () => line, { baudRate: Number(baud) });
  const stdio = openStdio(reactor, () => keyboard);
  if (port === null || stdio === null) throw new Error('there is no connection');
  [keyboard.other, line.other] = [port, stdio];
  if (stdio.isTerminal) stdio.setRawMode(true);
} catch (error) {
  console.error(`serial-terminal: ${(error as Error).message}`);
  process.exitCode = 1;
}
