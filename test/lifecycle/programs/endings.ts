/** Scenes for endings.test.ts: `endings.ts <reactor> <scene>`. Each ends the process in its own way. */
import { connect } from 'node:net';
import { type Connector, type ListeningPort, Protocol } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

const [, , reactorName, scene] = process.argv;
const maker = reactorMaker(reactorName);
const reactor = maker.make();

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

interface Talk {
  readonly listening: ListeningPort;
  readonly connector: Connector;
}

/** A connection to an Echo of the same reactor; `onEcho` runs inside dataReceived. */
function talk(onEcho: (client: Protocol) => void, text: string | Buffer = 'hello'): Talk {
  const listening = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' });
  class Client extends Protocol {
    override connectionMade(): void {
      this.transport.write(text);
    }
    override dataReceived(): void {
      onEcho(this);
    }
  }
  const connector = reactor.connectTCP('127.0.0.1', listening.getHost().port, Client);
  return { listening, connector };
}

const pass = (): void => void process.stdout.write('ok\n');

const scenes: Record<string, () => unknown> = {
  'exit-in-callback': () =>
    talk(() => {
      pass();
      process.exit(7);
    }),
  'exit-in-timer': () => {
    talk(() => {});
    setTimeout(() => {
      pass();
      process.exit(7);
    }, 50);
  },
  'exit-with-unsent-data': () => {
    talk(() => {
      pass();
      process.exit(7);
    }, Buffer.alloc(30_000_000));
  },
  'exit-in-exit-handler': () => {
    process.on('exit', () => {
      reactor.listenTCP(0, Echo, { interface: '127.0.0.1' });
      pass();
      process.exitCode = 7;
    });
    talk((client) => {
      client.transport.write('unsent');
      process.exit(7);
    });
  },
  uncaught: () => {
    talk(() => {
      pass();
      setImmediate(() => {
        throw new Error('nobody catches this');
      });
    });
  },
  natural: () => {
    const { listening } = talk((client) => {
      client.transport.loseConnection();
      void Promise.resolve(listening.stopListening()).then(() => {
        pass();
        process.exitCode = 7;
      });
    });
  },
  'never-disposed': () => {
    for (let i = 0; i < 40; i++) maker.make();
    pass();
    process.exitCode = 7;
  },
  garbage: async () => {
    // Nothing below keeps the port, the connector or the protocols: the reactor has to.
    let echoes = 0;
    talk((client) => {
      echoes += 1;
      if (echoes < 5) setTimeout(() => client.transport.write('again'), 5);
    });
    for (let i = 0; i < 10 || (echoes < 5 && i < 500); i++) {
      (globalThis as unknown as { gc(): void }).gc();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    if (echoes >= 5) pass();
    process.exit(7);
  },
  'garbage-reactors': async () => {
    for (let round = 0; round < 20; round++) {
      const other = maker.make();
      other.listenTCP(0, Echo, { interface: '127.0.0.1' });
      await other[Symbol.asyncDispose]();
      (globalThis as unknown as { gc(): void }).gc();
    }
    pass();
    process.exitCode = 7;
  },
  'peer-mid-write': () => {
    const listening = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' });
    const peer = connect(listening.getHost().port, '127.0.0.1', () => {
      peer.write(Buffer.alloc(1_000_000));
      peer.once('data', () => {
        pass();
        process.exit(7);
      });
    });
  },
};

const play = scenes[scene ?? ''];
if (play === undefined) throw new Error(`no scene is called ${scene}`);
await play();
