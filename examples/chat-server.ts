// A line chat: talk to it with `npx ropewalk talk 127.0.0.1 7008`.
import { parseArgs } from 'node:util';
import { type Clock, createReactor, LimitUnsentBytesFactory, LineOnlyReceiver } from 'ropewalk';

const room = new Map<string, Chatter>();

class Chatter extends LineOnlyReceiver {
  readonly #clock: Clock;
  #nickname = '';

  constructor(clock: Clock) {
    super({ ending: 'lf', maxLength: 1000 });
    this.#clock = clock;
  }

  override connectionMade(): void {
    this.sendLine('Your nickname?');
  }

  // A client that talks faster than the others read is paused until they have read, but not forever.
  override dataReceived(data: Buffer): void {
    const wait = someLag();
    super.dataReceived(data);
    if (!wait) return;
    this.transport.pauseProducing();
    this.#resumeSoon(10);
  }

  #resumeSoon(looks: number): void {
    if (looks === 0 || !someLag()) this.transport.resumeProducing();
    else this.#clock.callLater(10, () => this.#resumeSoon(looks - 1));
  }

  override lineReceived(line: Buffer): void {
    const text = line.toString().replace(/\p{Cc}/gu, '');
    if (text === '') return;
    if (this.#nickname !== '') tell(`<${this.#nickname}> ${text}`, this);
    else if (/^[\w-]{1,20}$/.test(text) && !room.has(text)) {
      this.#nickname = text;
      room.set(text, this);
      tell(`* ${text} joined`);
    } else this.sendLine('Please choose another nickname.');
  }

  override connectionLost(): void {
    if (room.delete(this.#nickname)) tell(`* ${this.#nickname} left`);
  }
}

function someLag(): boolean {
  return [...room.values()].some(({ transport }) => transport.bufferedBytes > 64 * 1024);
}

function tell(text: string, except?: Chatter): void {
  for (const chatter of room.values()) if (chatter !== except) chatter.sendLine(text);
}

try {
  const { port = '7008' } = parseArgs({ options: { port: { type: 'string' } } }).values;
  const reactor = createReactor();
  // A peer that does not read is disconnected once more than 1 MiB is unsent, so it cannot fill the memory.
  const factory = new LimitUnsentBytesFactory(() => new Chatter(reactor), { clock: reactor });
  const listening = reactor.listenTCP(Number(port), factory, { interface: '127.0.0.1' });
  const address = listening.getHost();
  console.log(`chat server (${reactor.kind}, ${reactor.poller}) listening on port ${address.port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`chat-server: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
