// Connects with TLS, sends a line, and prints the facts of the connection and the answer:
// `node --import tsx examples/tls-client.ts --host localhost --port 7020 --trust cert.pem`
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ClientFactory, createReactor, Protocol } from 'ropewalk';
import { connectTLS, TLSClientContext } from 'ropewalk/tls';

const options = {
  host: { type: 'string', default: 'localhost' },
  port: { type: 'string', default: '7020' },
  alpn: { type: 'string', multiple: true, default: [] as string[] },
  trust: { type: 'string' },
} as const;
const { host, port, alpn, trust } = parseArgs({ options }).values;

class Client extends Protocol {
  // It is sent when the handshake is complete and the server is verified.
  override connectionMade(): void {
    this.transport.write('hello\n');
  }

  handshakeCompleted(): void {
    const { version, cipher, negotiatedProtocol, resumed, engine } = this.transport.tls ?? {};
    console.log(`${version} ${cipher} ${negotiatedProtocol ?? 'without ALPN'}`);
    console.log(`${resumed ? 'resumed' : 'full'} handshake by the ${engine} engine`);
  }

  override dataReceived(data: Buffer): void {
    process.stdout.write(data);
    this.transport.loseConnection();
  }
}

class Clients extends ClientFactory {
  override buildProtocol(): Client {
    return new Client();
  }

  // A failed handshake ends a connection that was made.
  override clientConnectionLost(_connector: unknown, reason: Error): void {
    if ('code' in reason && reason.code !== 'ERR_CONNECTION_DONE') this.#fail(reason);
  }

  override clientConnectionFailed(_connector: unknown, reason: Error): void {
    this.#fail(reason);
  }

  #fail(reason: Error): void {
    console.error(`tls-client: ${reason.message}`);
    process.exitCode = 1;
  }
}

const context = new TLSClientContext({
  alpnProtocols: alpn,
  trustRoots: trust === undefined ? 'system' : readFileSync(trust),
});
connectTLS(createReactor(), host, Number(port), new Clients(), context);
