/** Scenes for process.test.ts: `process-life.ts <reactor> <scene>`. */
import { connect } from 'node:net';
import { Protocol } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

const [, , reactorName, scene] = process.argv;
const reactor = reactorMaker(reactorName).make();
const say = (text: string): void => void process.stdout.write(`${text}\n`);
process.on('exit', () => say('exit'));

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

/** Connects to an Echo of this reactor; `onLost` is told how the connection ended. */
function selfConnect(onData: (client: Protocol) => void, onLost: (reason: Error) => void): void {
  const listening = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' });
  class Client extends Protocol {
    override connectionMade(): void {
      this.transport.write('ping');
    }
    override dataReceived(): void {
      onData(this);
    }
    override connectionLost(reason: Error): void {
      void listening.stopListening();
      onLost(reason);
    }
  }
  reactor.connectTCP('127.0.0.1', listening.getHost().port, Client);
}

async function twoReactors(both: boolean): Promise<void> {
  const other = reactorMaker(reactorName).make();
  other.addSystemEventTrigger('before', 'shutdown', () => say('other: before shutdown'));
  const runs = [reactor.run(), other.run()];
  if (!both) {
    reactor.callWhenRunning(() => reactor.stop());
    await runs[0];
  }
  say('running');
  await Promise.all(runs);
  say(`stopped by ${other.exitSignal}, ${reactor.exitSignal}`);
}

const scenes: Record<string, () => unknown> = {
  idle: () => say('idle'),
  delayed: () => {
    reactor.callLater(30, () => say('called'));
    say('waiting');
  },
  'last-connection': () =>
    selfConnect(
      (client) => {
        say('pong');
        client.transport.loseConnection();
      },
      () => say('lost'),
    ),
  run: async () => {
    reactor.callWhenRunning(() => {
      say('running');
      setTimeout(() => reactor.stop(), 50).unref();
      // Unreferenced, as the timer above is: only the reactor keeps the process.
    });
    await reactor.run();
    say('stopped');
  },
  listen: () => {
    reactor.listenTCP(0, Echo, { interface: '127.0.0.1' });
    say('listening');
    setTimeout(() => say('still here'), 200).unref();
  },
  /** The peer has sent what is never read, and does not end. */
  lingers: () => {
    class Closes extends Protocol {
      override dataReceived(): void {
        this.transport.pauseProducing();
        socket.write('unread', () => {
          this.transport.loseConnection();
          void listening.stopListening();
        });
      }
      override connectionLost(): void {
        say('lost');
      }
    }
    const listening = reactor.listenTCP(0, Closes, { interface: '127.0.0.1' });
    const socket = connect({ port: listening.getHost().port, allowHalfOpen: true });
    socket.on('error', () => {}).unref();
    socket.write('read');
  },
  dispose: () =>
    selfConnect(
      () => {
        void Promise.resolve(reactor[Symbol.asyncDispose]()).then(() => say('disposed'));
      },
      () => {},
    ),
  signals: async () => {
    reactor.addSystemEventTrigger('before', 'shutdown', () => say('before shutdown'));
    selfConnect(
      () => say('running'),
      ({ name }) => say(`lost ${name}`),
    );
    await reactor.run();
    say('stopped');
  },
  /** Two reactors run, the first of them for as long as the other where `both`. */
  'two-reactors': () => twoReactors(true),
  'second-reactor': () => twoReactors(false),
  'signal-at-startup': async () => {
    reactor.addSystemEventTrigger('before', 'startup', () => {
      say('running');
      return new Promise((resolve) => void setTimeout(resolve, 50));
    });
    await reactor.run();
    say(`stopped by ${reactor.exitSignal}`);
  },
  /** The peer does not read, so that the second signal finds the reactor waiting for unsent bytes. */
  'signal-while-draining': async () => {
    class Answers extends Protocol {
      override connectionMade(): void {
        this.transport.write(Buffer.alloc(20_000_000));
        say('running');
      }
      override connectionLost(reason: Error): void {
        say(`lost ${reason.name}`);
      }
    }
    const { port } = reactor.listenTCP(0, Answers, { interface: '127.0.0.1' }).getHost();
    const socket = connect(port, '127.0.0.1').pause();
    socket.on('error', () => {}).unref();
    reactor.addSystemEventTrigger('during', 'shutdown', () => say('draining'));
    await reactor.run();
    say(`stopped by ${reactor.exitSignal}`);
    process.exit();
  },
  /** The peer is another process, which continues to send. */
  answers: async () => {
    class Answers extends Protocol {
      override dataReceived(): void {
        this.transport.pauseProducing();
        this.transport.write(Buffer.alloc(Number(process.argv[4]), 'x'));
        reactor.callLater(0, () => say('answered'));
      }
    }
    const { port } = reactor.listenTCP(0, Answers, { interface: '127.0.0.1' }).getHost();
    say(`port ${port}`);
    await reactor.run();
    say(`stopped by ${reactor.exitSignal}`);
  },
  'own-handler': async () => {
    process.on('SIGTERM', () => {
      say('own handler');
      reactor.stop();
    });
    reactor.callWhenRunning(() => say('running'));
    await reactor.run();
    say(`stopped by ${reactor.exitSignal}`);
    process.exit();
  },
  'default-returns': async () => {
    reactor.callWhenRunning(() => reactor.stop());
    await reactor.run();
    setTimeout(() => {}, 60_000);
    say('running');
  },
  'no-signals': async () => {
    reactor.callWhenRunning(() => say('running'));
    await reactor.run({ installSignalHandlers: false });
  },
};

const play = scenes[scene ?? ''];
if (play === undefined) throw new Error(`no scene is called ${scene}`);
await play();
