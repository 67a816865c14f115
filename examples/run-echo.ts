// An echo server for the command: `npx ropewalk run examples/run-echo.ts --port 7026`.
import { parseArgs } from 'node:util';
import { Protocol, type Reactor } from 'ropewalk';
import { type Service, serviceFromString } from 'ropewalk/application';
import { Logger } from 'ropewalk/logger';

const log = new Logger({ namespace: 'echo' });

class Echo extends Protocol {
  override connectionMade(): void {
    this.transport.registerProducer(this.transport, true); // receive no faster than the peer reads
    log.info('{peer} connected', { peer: String(this.transport.getPeer()) });
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

export default function (reactor: Reactor, args: string[]): Service {
  const { values } = parseArgs({
    args,
    options: { port: { type: 'string', default: '7026' } },
  });
  return serviceFromString(reactor, `tcp:${values.port}:interface=127.0.0.1`, Echo);
}
