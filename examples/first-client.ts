// Sends a line to the first server and prints the answer.
import { createReactor, Protocol } from 'ropewalk';

class Client extends Protocol {
  override connectionMade(): void {
    this.transport.write('hello\n');
  }

  override dataReceived(data: Buffer): void {
    process.stdout.write(data);
    this.transport.loseConnection();
  }
}

createReactor().connectTCP('127.0.0.1', Number(process.argv[2] ?? 7006), Client);
