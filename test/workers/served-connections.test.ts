import { describe, expect, it } from 'vitest';
import { Protocol } from '../../src/index.js';
import {
  connectTLS,
  listenTLS,
  selfSignedCertificate,
  TLSClientContext,
  TLSServerContext,
  TRUST_ANY,
} from '../../src/tls/index.js';
import { ServedConnections } from '../../src/workers/served-connections.js';
import { latch, within } from '../support/deadline.js';
import { REACTORS } from '../support/reactors.js';

const server = new TLSServerContext({ identity: await selfSignedCertificate() });
const client = new TLSClientContext({ trustRoots: TRUST_ANY });

describe.each(REACTORS)('served connections ($name)', ({ make }) => {
  it.each(['clear', 'TLS'])('are gone when they have ended (%s)', async (kind) => {
    const reactor = make();
    const served = new ServedConnections();
    const accepted = latch();
    class Server extends Protocol {
      override dataReceived(): void {
        accepted.open();
      }
    }
    const clients: Protocol[] = [];
    class Client extends Protocol {
      override connectionMade(): void {
        clients.push(this);
        this.transport.write('.');
      }
    }
    const run = reactor.run({ installSignalHandlers: false });
    const place = { interface: '127.0.0.1' };
    if (kind === 'TLS') {
      const { port } = listenTLS(reactor, 0, Server, server, place).getHost();
      connectTLS(reactor, '127.0.0.1', port, Client, client);
    } else {
      const { port } = reactor.listenTCP(0, Server, place).getHost();
      reactor.connectTCP('127.0.0.1', port, Client);
    }
    await within(accepted.promise, 'a byte of the client');
    let gone = false;
    const allGone = served.allGone().then(() => {
      gone = true;
    });
    await Promise.resolve();
    expect(gone).toBe(false);
    clients[0]?.transport.loseConnection();
    await within(allGone, 'the served connection to end');
    reactor.stop();
    await run;
    await reactor[Symbol.asyncDispose]();
  });
});
