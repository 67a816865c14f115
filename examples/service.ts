// An echo server as services: `node --import tsx examples/service.ts --port 7024 --health-port 7025`.
// SIGTERM and Ctrl-C drain it, SIGHUP reloads it.
import { parseArgs } from 'node:util';
import { createReactor, Protocol, serverFromString } from 'ropewalk';
import {
  Application,
  healthHandler,
  runApplication,
  Service,
  SystemdNotifier,
  serviceFromString,
  serviceOf,
  TimerService,
} from 'ropewalk/application';
import { serveHttp } from 'ropewalk/http';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '7024' },
    'health-port': { type: 'string', default: '7025' },
  },
});

class Echo extends Protocol {
  override connectionMade(): void {
    this.transport.registerProducer(this.transport, true); // receive no faster than the peer reads
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }

  /** The service is being drained. */
  serverClosing(): void {
    this.transport.write('The server is going down.\n');
    this.transport.unregisterProducer();
    this.transport.loseConnection();
  }
}

/** Reads its settings at the start, and again at SIGHUP. */
class Settings extends Service {
  protected override start(): void {
    this.reloadService();
  }

  reloadService(): void {
    console.log('reading the settings');
  }
}

const reactor = createReactor();
const application = new Application('echo', reactor);
const echo = serviceFromString(reactor, `tcp:${values.port}:interface=127.0.0.1`, Echo);
const health = serverFromString(reactor, `tcp:${values['health-port']}:interface=127.0.0.1`);
application.addService(new Settings('settings'));
application.addService(
  serviceOf(() => serveHttp(reactor, health, healthHandler(application.health))),
);
application.addService(echo);
application.addService(
  new TimerService(reactor, 60_000, function report(): void {
    console.log(`${reactor.totals().connectionsOpen} connections`);
  }),
);
application.health.add('listening', () => echo.port?.listening ?? false);

const { signal, figures } = await runApplication(application, {
  drainMs: 10_000,
  notifier: SystemdNotifier.fromEnvironment(reactor),
  onEvent: ({ type }) => console.log(type === 'started' ? `started on ${echo.getHost()}` : type),
});
console.log(`${figures.finished} connections finished, ${figures.aborted} aborted`);
if (signal !== undefined) process.kill(process.pid, signal); // the exit status says which signal it was
