// An endpoint type of a plug-in: `ropewalk echo --listen local:7007` listens on this machine only.
import { type EndpointType, HostnameEndpoint, TCPServerEndpoint } from 'ropewalk';

const local: EndpointType = {
  prefix: 'local',
  client(args, { reactor }) {
    const port = args.bind(['port']).integer('port', 1, 65_535);
    return new HostnameEndpoint(reactor, 'localhost', port);
  },
  server(args, { reactor }) {
    const port = args.bind(['port']).integer('port', 0, 65_535);
    return new TCPServerEndpoint(reactor, port, { interface: '127.0.0.1' });
  },
};

export default local;
