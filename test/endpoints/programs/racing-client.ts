/**
 * Connects by a name whose first address swallows packets and whose second one answers: run in the network namespace of
 * happy-eyeballs.test.ts. Arguments: the name of a reactor, the first address. Prints one line of JSON.
 */
import { isIPv6 } from 'node:net';
import {
  connectProtocol,
  HostnameEndpoint,
  Protocol,
  succeed,
  TCPServerEndpoint,
} from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

const ATTEMPTS = 3;

const [, , kind, silent = ''] = process.argv;
const reactor = reactorMaker(kind).make();
reactor.installNameResolver({
  resolveHostName: () =>
    succeed([
      { address: silent, family: isIPv6(silent) ? 'IPv6' : 'IPv4' },
      { address: '127.0.0.1', family: 'IPv4' },
    ]),
});
const port = await new TCPServerEndpoint(reactor, 0, { interface: '127.0.0.1' }).listen(Protocol);
const host = port.getHost();
const number = 'port' in host ? host.port : 0;

const elapsed: number[] = [];
let peer = '';
for (let i = 0; i < ATTEMPTS; i++) {
  const from = reactor.now();
  const endpoint = new HostnameEndpoint(reactor, 'two-addresses.test', number);
  const client = await connectProtocol(endpoint, new Protocol());
  elapsed.push(reactor.now() - from);
  peer = String(client.transport.getPeer());
  client.transport.abortConnection();
}

// The first address alone: it answers nothing at all, not even a refusal.
const alone = new HostnameEndpoint(reactor, silent, number, { timeoutMs: 400 });
const failure = await alone.connect(Protocol).then(
  () => 'connected',
  (error: Error) => error.name,
);
process.stdout.write(`${JSON.stringify({ elapsed, peer, port: number, failure })}\n`);
await reactor[Symbol.asyncDispose]();
