// A server knows its clients by their certificates: it greets one that it knows, and refuses another.
import { createReactor, Protocol, type Reactor } from 'ropewalk';
import {
  connectTLS,
  listenTLS,
  type SelfSignedCertificate,
  selfSignedCertificate,
  TLSServerContext,
} from 'ropewalk/tls';

const server = await selfSignedCertificate();
const ann = await selfSignedCertificate({ names: ['ann.example'] });
const bob = await selfSignedCertificate({ names: ['bob.example'] });

const users = new Map([['CN=ann.example', 'Ann']]);
const context = new TLSServerContext({
  identity: server,
  clientCertificates: 'required',
  // Usually the root of your own authority. A self-signed certificate is its own root.
  trustRoots: [ann.certificate, bob.certificate],
  // Of a verified certificate. Without a result the client is refused.
  mapClientCertificate: (certificate) => users.get(certificate.subject),
});

class Greeter extends Protocol {
  handshakeCompleted(): void {
    this.transport.write(`Hello ${this.transport.tls?.clientIdentity}\n`);
    this.transport.loseConnection();
  }
}

/** Resolves with the answer, or with the reason why there is none. */
function visit(reactor: Reactor, port: number, identity: SelfSignedCertificate): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    class Visitor extends Protocol {
      override dataReceived(data: Buffer): void {
        answer += data;
      }

      override connectionLost(reason: Error): void {
        resolve(answer === '' ? `refused: ${reason.message}\n` : answer);
      }
    }
    const options = { identity, trustRoots: server.certificate };
    connectTLS(reactor, 'localhost', port, Visitor, options);
  });
}

const reactor = createReactor();
const listening = listenTLS(reactor, 0, Greeter, context);
for (const identity of [ann, bob]) {
  process.stdout.write(await visit(reactor, listening.getHost().port, identity));
}
await listening.stopListening();
