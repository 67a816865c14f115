// Fetches a URL through a chain of proxies, the nearest first:
// `node --import tsx examples/proxy-chain.ts http://example.com/ socks5h://127.0.0.1:7024 http://alice:PASSWORD@127.0.0.1:7067`.
import { createReactor, HostnameEndpoint, type StreamClientEndpoint } from 'ropewalk';
import { Agent, proxyEndpoint } from 'ropewalk/http';

const [url = '', ...proxies] = process.argv.slice(2);
const PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'socks5h:': 1080 };

try {
  if (proxies.length === 0) throw new RangeError('usage: proxy-chain URL PROXY...');
  const reactor = createReactor();
  const hostAndPort = ({ hostname, port, protocol }: URL): [string, number] => {
    return [hostname.replace(/^\[|\]$/g, ''), Number(port || PORTS[protocol])];
  };
  const endpointFor = (target: URL): StreamClientEndpoint => {
    // The connection to each proxy goes through those before it.
    const [first = '', ...others] = proxies;
    const hops = [...others.map((proxy) => new URL(proxy)), target].map(hostAndPort);
    const [host, port] = hostAndPort(new URL(first));
    let endpoint: StreamClientEndpoint = new HostnameEndpoint(reactor, host, port);
    for (const [index, hop] of hops.entries()) {
      endpoint = proxyEndpoint(reactor, proxies[index] ?? '', ...hop, { endpoint });
    }
    return endpoint;
  };
  await using agent = new Agent(reactor, { endpointFor, totalTimeoutMs: 30_000 });
  const response = await agent.get(url);
  for await (const piece of response) process.stdout.write(piece);
  console.error(`${response.status} through ${proxies.length} proxies`);
} catch (error) {
  console.error(`proxy-chain: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
