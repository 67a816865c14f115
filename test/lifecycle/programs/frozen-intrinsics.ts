/** For frozen-intrinsics.test.ts: `frozen-intrinsics.ts <reactor>`. The basics, where no built-in can be changed. */

import { serveUpgradable } from '../../../src/handover/index.js';
import * as ropewalk from '../../../src/index.js';
import { ClientFactory, Deferred, deferredList, Failure, Protocol } from '../../../src/index.js';
import { everySplit } from '../../../src/testing/index.js';
import { runWorkers } from '../../../src/workers/index.js';
import { reactorMaker } from '../../support/reactors.js';

if (!Object.isFrozen(Error)) throw new Error('the built-ins are not frozen');

const pass = (what: string): void => void process.stdout.write(`${what}\n`);

/** Each exported error says what it is: assignments to inherited names fail where prototypes are frozen. */
function makeErrors(): void {
  const { ConnectionAborted, ConnectionDone, ConnectionLost, InvalidArgumentTypeError } = ropewalk;
  const cause = new Error('why');
  const errors = [
    new ConnectionAborted(),
    new ConnectionDone(),
    new ConnectionLost('gone', { cause }),
    new InvalidArgumentTypeError('a', 'b', {}),
    new ropewalk.LineTooLongError(10),
  ];
  for (const error of errors) {
    if (error.message === '' || !`${error}`.includes(error.message)) throw error;
  }
}

async function useDeferreds(): Promise<void> {
  const first = new Deferred<number>();
  const added = first.addCallback((value) => value + 1);
  first.callback(1);
  if ((await added) !== 2) throw new Error('a callback was not called');
  const failed = new Deferred<number>();
  failed.errback(new Error('asked for'));
  const results = await deferredList([failed, ropewalk.succeed(1)], { consumeErrors: true });
  if (!(results[0]?.[1] instanceof Failure)) throw new Error('a failure was lost');
}

/** Sends a line to an Echo over lines, and closes when it is back. */
async function echo(): Promise<void> {
  const reactor = reactorMaker(process.argv[2]).make();
  class Echo extends ropewalk.LineReceiver {
    override connectionMade(): void {
      this.transport.registerProducer(this, true);
    }
    override lineReceived(line: Buffer): void {
      this.sendLine(line);
    }
  }
  const answer = new Deferred<string>();
  class Client extends Protocol {
    override connectionMade(): void {
      this.transport.write('hello\r\n');
    }
    override dataReceived(data: Buffer): void {
      answer.callback(data.subarray(0, 5).toString());
      this.transport.loseConnection();
    }
  }
  const lost = new Deferred<Error>();
  const factory = Object.assign(ClientFactory.forProtocol(Client), {
    clientConnectionLost: (_connector: ropewalk.Connector, reason: Error) => lost.callback(reason),
  });
  const limits = { clock: reactor, idleMs: 10_000 };
  const listening = reactor.listenTCP(0, new ropewalk.TimeoutFactory(Echo, limits), {
    interface: '127.0.0.1',
  });
  reactor.connectTCP('127.0.0.1', listening.getHost().port, factory);
  pass(await answer);
  pass((await lost).name);
  await reactor[Symbol.asyncDispose]();
}

if ([serveUpgradable, everySplit, runWorkers].some((value) => typeof value !== 'function')) {
  throw new Error('an entry point is incomplete');
}
makeErrors();
await useDeferreds();
await echo();
