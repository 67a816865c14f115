/** A cluster whose worker listens with the pure-JS reactor. The primary must hear nothing of it. */
import cluster from 'node:cluster';
import { connect } from 'node:net';
import { NodeReactor } from '../../../../src/reactor/node/reactor.js';

if (cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on('listening', () => console.log('the primary was asked'));
  worker.on('message', (port: number) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('data', (data) => {
      console.log(String(data));
      socket.destroy();
      worker.disconnect();
    });
  });
} else {
  const reactor = new NodeReactor();
  const listening = reactor.listenTCP(
    0,
    () => ({
      connectionMade: (transport) => transport.write('hello from the worker'),
      connectionLost: () => void listening.stopListening(),
    }),
    { interface: '127.0.0.1' },
  );
  process.send?.(listening.getHost().port);
}
