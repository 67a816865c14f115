// Talks to examples/starttls-chat.ts: lines of standard input are sent when the connection is encrypted.
// `node --import tsx examples/starttls-client.ts --port 7021 --trust cert.pem`
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { createReactor, LineOnlyReceiver } from 'ropewalk';
import { TLSClientContext } from 'ropewalk/tls';

const options = {
  port: { type: 'string', default: '7021' },
  trust: { type: 'string' },
} as const;
const { port, trust } = parseArgs({ options }).values;
const context = new TLSClientContext({
  trustRoots: trust === undefined ? 'system' : readFileSync(trust),
});

class Client extends LineOnlyReceiver {
  constructor() {
    super({ ending: 'lf' });
  }

  override connectionMade(): void {
    this.sendLine('STARTTLS');
  }

  override lineReceived(line: Buffer): void {
    // Text in clear may come from anybody on the path: only this one answer has a meaning, and no secret is sent before TLS.
    if (this.transport.tls !== undefined) console.log(line.toString());
    else if (line.equals(Buffer.from('Begin TLS.'))) {
      this.transport.startTLS(context, { hostname: 'localhost' });
    }
  }

  handshakeCompleted(): void {
    const input = createInterface({ input: process.stdin });
    input.on('line', (line) => this.sendLine(line));
    input.on('close', () => this.transport.loseConnection());
  }

  override connectionLost(reason: Error): void {
    process.stdin.destroy();
    if ('code' in reason && reason.code === 'ERR_CONNECTION_DONE') return;
    console.error(`starttls-client: ${reason.message}`);
    process.exitCode = 1;
  }
}

createReactor().connectTCP('localhost', Number(port), Client);
