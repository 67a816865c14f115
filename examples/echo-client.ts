// Sends --message, or its standard input, to an echo server and prints the answer.
import { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import type { ClientProtocolFactory, Connector } from 'ropewalk';
import { ConnectionDone, createReactor, Factory, Protocol } from 'ropewalk';

class EchoClient extends Protocol {
  readonly #input: Readable;

  constructor(input: Readable) {
    super();
    this.#input = input;
  }

  override connectionMade(): void {
    const { transport } = this;
    const input = this.#input;
    // Read input no faster than the server accepts it.
    const pauseProducing = () => input.pause();
    const resumeProducing = () => input.resume();
    const stopProducing = () => input.destroy();
    transport.registerProducer({ pauseProducing, resumeProducing, stopProducing }, true);
    input.on('data', (data: Buffer | string) => transport.write(data));
    input.on('end', () => {
      transport.unregisterProducer();
      transport.loseWriteConnection();
    });
  }

  override dataReceived(data: Buffer): void {
    process.stdout.write(data);
  }
}

try {
  const options = { message: { type: 'string' }, port: { type: 'string' } } as const;
  const { message, port = '7007' } = parseArgs({ options }).values;
  const input = message === undefined ? process.stdin : Readable.from([`${message}\n`]);
  const reactor = createReactor();
  let failure: Error | undefined;
  let stopping = false;
  const ended = (_connector: Connector, reason: Error): void => {
    if (stopping) return;
    if (!(reason instanceof ConnectionDone)) failure = reason;
    reactor.stop();
  };
  const factory: ClientProtocolFactory = Factory.forProtocol(EchoClient, input);
  Object.assign(factory, { clientConnectionFailed: ended, clientConnectionLost: ended });
  reactor.addSystemEventTrigger('before', 'shutdown', () => {
    stopping = true;
  });
  reactor.connectTCP('127.0.0.1', Number(port), factory);
  await reactor.run();
  if (failure !== undefined) throw failure;
} catch (error) {
  console.error(`echo-client: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
