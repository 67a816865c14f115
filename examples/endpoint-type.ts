// An endpoint type of one's own: `local:PORT` connects to this machine and listens only there.
import {
  clientFromString,
  connectProtocol,
  createReactor,
  type EndpointType,
  HostnameEndpoint,
  Protocol,
  serverFromString,
  TCPServerEndpoint,
} from 'ropewalk';

const local: EndpointType = {
  prefix: 'local',
  client(args, { reactor }) {
    const port = args.bind(['port']).integer('port', 1, 65_535);
    return new HostnameEndpoint(reactor, 'localhost', port);
  },
  server(args, { reactor }) {
    const port = args.bind(['port']).integer('port', 0, 65_535, 0);
    return new TCPServerEndpoint(reactor, port, { interface: '127.0.0.1' });
  },
};

const reactor = createReactor();
const types = [local];
const port = await serverFromString(reactor, 'local:0', { types }).listen(Protocol);
const { port: number } = port.getHost() as { port: number };
const client = await connectProtocol(
  clientFromString(reactor, `local:${number}`, { types }),
  new Protocol(),
);
console.log('connected to', client.transport.getPeer().toString().replace(/\d+$/, 'PORT'));
try {
  clientFromString(reactor, 'locl:80', { types });
} catch (error) {
  console.log((error as Error).message);
}
await reactor[Symbol.asyncDispose]();
