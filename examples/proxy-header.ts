// A client that connects as a proxy does, for a client at --source: `proxy-header.ts --port 7013 --source 203.0.113.9`.
import { parseArgs } from 'node:util';
import {
  ClientFactory,
  createReactor,
  IPv4Address,
  Protocol,
  ProxyProtocolClientFactory,
} from 'ropewalk';

class Print extends Protocol {
  override dataReceived(data: Buffer): void {
    process.stdout.write(data);
  }
}

class Once extends ClientFactory {
  override buildProtocol(): Protocol {
    return new Print();
  }

  override clientConnectionFailed(_connector: unknown, reason: Error): void {
    console.error(`proxy-header: ${reason.message}`);
    process.exitCode = 1;
    reactor.stop();
  }

  override clientConnectionLost(): void {
    reactor.stop();
  }
}

const options = { port: { type: 'string' }, source: { type: 'string' } } as const;
const { port = '7013', source = '203.0.113.9' } = parseArgs({ options }).values;
const reactor = createReactor();
const header = {
  source: new IPv4Address('TCP', source, 56_324),
  destination: new IPv4Address('TCP', '198.51.100.1', 443),
  authority: 'www.example.com',
  checksum: true,
};
const factory = new ProxyProtocolClientFactory(new Once(), header);
reactor.connectTCP('127.0.0.1', Number(port), factory, { timeoutMs: 5_000 });
await reactor.run();
