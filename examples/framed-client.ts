// Sends a request to the store: `framed-client.ts --port 7010 S colour=blue`, then `G colour`.
import { parseArgs } from 'node:util';
import { type ClientProtocolFactory, type Connector, Factory, getReactor } from 'ropewalk';
import { MessageReceiver } from './framed-store.js';

class Question extends MessageReceiver {
  readonly #kind: string;
  readonly #text: string;

  constructor(kind: string, text: string) {
    super();
    this.#kind = kind;
    this.#text = text;
  }

  override connectionMade(): void {
    this.sendMessage(this.#kind, this.#text);
  }

  override messageReceived(kind: string, text: string): void {
    console.log(`${kind} ${text}`.trimEnd());
    this.transport.loseConnection();
  }
}

try {
  const options = { port: { type: 'string' } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [kind = '', text = ''] = positionals;
  if (kind.length !== 1) throw new TypeError('ask with S name=text or G name');
  const reactor = getReactor();
  let failure: Error | undefined;
  const factory: ClientProtocolFactory = Factory.forProtocol(Question, kind, text);
  Object.assign(factory, {
    clientConnectionFailed: (_connector: Connector, reason: Error) => {
      failure = reason;
      reactor.stop();
    },
    clientConnectionLost: () => reactor.stop(),
  });
  reactor.connectTCP('127.0.0.1', Number(values.port ?? '7010'), factory);
  await reactor.run();
  if (failure !== undefined) throw failure;
} catch (error) {
  console.error(`framed-client: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
