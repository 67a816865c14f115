/** Which descriptors child processes have while this one has open sockets. */
import { ProcessProtocol, type Reactor } from '../../src/index.js';

/** Opens connections to itself, which stay open: twice as many sockets, and one that listens. */
export async function openPairs(reactor: Reactor, count: number): Promise<void> {
  await new Promise<void>((resolve) => {
    let missing = count * 2;
    const connectionMade = (): void => {
      missing -= 1;
      if (missing === 0) resolve();
    };
    const local = { interface: '127.0.0.1' };
    const { port } = reactor.listenTCP(0, () => ({ connectionMade }), local).getHost();
    for (let i = 0; i < count; i++) {
      reactor.connectTCP('127.0.0.1', port, () => ({ connectionMade }));
    }
  });
}

class Output extends ProcessProtocol {
  #output = '';
  readonly #ended: (output: string) => void;

  constructor(ended: (output: string) => void) {
    super();
    this.#ended = ended;
  }

  override outReceived(data: Buffer): void {
    this.#output += data.toString();
  }

  override processEnded(): void {
    this.#ended(this.#output);
  }
}

/** What programs with the descriptors 0, 1, 2 and 5 list, while more sockets are opened. */
export async function childDescriptorLists(reactor: Reactor, count: number): Promise<string[]> {
  const start = (): Promise<string> =>
    new Promise((resolve) => {
      // The shell waits for ls, which would list a descriptor of its own.
      reactor.spawnProcess(new Output(resolve), '/bin/sh', {
        args: ['-c', 'ls /proc/$$/fd; exit 0'],
        env: { PATH: '/usr/bin:/bin' },
        childDescriptors: { 1: 'r', 5: 'w' },
      });
    });
  const lists: Promise<string>[] = [];
  for (let i = 0; i < count; i++) {
    lists.push(start());
    if (i % 4 === 3) await openPairs(reactor, 1);
  }
  return Promise.all(lists);
}
