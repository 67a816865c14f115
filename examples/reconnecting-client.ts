// A client that stays connected: it prints the lines that a server sends, through restarts of that server.
import { parseArgs } from 'node:util';
import {
  backoffPolicy,
  ClientService,
  clientFromString,
  createReactor,
  Deferred,
  LineReceiver,
} from 'ropewalk';

class Subscriber extends LineReceiver {
  readonly subscribed = new Deferred<void>();

  override connectionMade(): void {
    this.sendLine('subscribe news');
  }

  override lineReceived(line: Buffer): void {
    if (!this.subscribed.fired)
      this.subscribed.callback(); // the server's greeting
    else console.log(String(line));
  }
}

try {
  const options = { server: { type: 'string' }, delay: { type: 'string' } } as const;
  const { server = 'tcp:127.0.0.1:7014', delay = '1000' } = parseArgs({ options }).values;
  const reactor = createReactor();
  const service = new ClientService(clientFromString(reactor, server), Subscriber, {
    clock: reactor,
    retryPolicy: backoffPolicy({ initialDelayMs: Number(delay), maxDelayMs: 30_000 }),
    prepareConnection: (subscriber) => subscriber.subscribed.addTimeout(5_000, reactor),
    onFailure: (error) => console.log(`trying again: ${error.name}`),
  });
  service.startService();
  // The connection is closed, and the stop waits for that.
  reactor.addSystemEventTrigger('before', 'shutdown', () => service.stopService());
  const subscriber = await service.whenConnected();
  console.log(`subscribed at ${subscriber.transport.getPeer()}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`reconnecting-client: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
