// An echo server with limits: `node --import tsx examples/policies.ts --port 7012`.
import { parseArgs } from 'node:util';
import {
  createReactor,
  LimitConnectionsByPeerFactory,
  LimitTotalConnectionsFactory,
  LimitUnsentBytesFactory,
  Protocol,
  ShapingFactory,
  TimeoutFactory,
  TrafficLoggingFactory,
  type Transport,
} from 'ropewalk';

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

function goodbye(transport: Transport): void {
  transport.write('Time is over.\n');
  transport.loseConnection();
}

class Busy extends Protocol {
  override connectionMade(): void {
    this.transport.write('Too many connections.\n');
    this.transport.loseConnection();
  }
}

try {
  const options = { port: { type: 'string' }, idle: { type: 'string' } } as const;
  const { port = '7012', idle = '60000' } = parseArgs({ options }).values;
  const clock = createReactor();

  const rate = { perConnection: { bytesPerSecond: 100_000 }, total: { bytesPerSecond: 1_000_000 } };
  const bounded = new LimitUnsentBytesFactory(Echo, { clock, outcome: 'pause' });
  const shaped = new ShapingFactory(bounded, { clock, read: rate, write: rate });
  const limits = { idleMs: Number(idle), firstDataMs: 10_000, lifetimeMs: 3_600_000 };
  const timed = new TimeoutFactory(shaped, { clock, ...limits, timeoutConnection: goodbye });
  const few = new LimitConnectionsByPeerFactory(timed, { maxConnections: 2, overflow: Busy });
  const limited = new LimitTotalConnectionsFactory(few, { maxConnections: 10_000 });
  const logged = new TrafficLoggingFactory(limited, { log: console.log, maxDumpBytes: 32 });
  const listening = clock.listenTCP(Number(port), logged, { interface: '127.0.0.1' });
  console.log(`guarded echo server (${clock.kind}) listening on port ${listening.getHost().port}`);
  await clock.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`policies: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
