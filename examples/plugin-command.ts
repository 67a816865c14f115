// A command of a plug-in: `ropewalk greet tcp:127.0.0.1:7031` prints the first line that a server sends.
import { clientFromString, connectProtocol, createReactor, LineOnlyReceiver } from 'ropewalk';

class FirstLine extends LineOnlyReceiver {
  override lineReceived(line: Buffer): void {
    console.log(line.toString());
    this.transport.loseConnection();
  }
}

/** @returns The exit code. */
export default async function (args: readonly string[]): Promise<number> {
  const [text = 'tcp:127.0.0.1:7031'] = args;
  const reactor = createReactor();
  try {
    const protocol = new FirstLine({ maxLength: 1_000 });
    await connectProtocol(clientFromString(reactor, text), protocol);
    return 0; // the process ends when the connection does
  } catch (error) {
    console.error(`greet: ${(error as Error).message}`);
    return 1;
  }
}
