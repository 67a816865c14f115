// A line chat for `nc 127.0.0.1 7008`. Lines are cut by hand: framing comes in a later version.
import { StringDecoder } from 'node:string_decoder';
import { parseArgs } from 'node:util';
import { createReactor, Protocol, type Reactor } from 'ropewalk';

const MAX_LINE_LENGTH = 1000;
const room = new Map<string, Chatter>();

class Chatter extends Protocol {
  readonly #decoder = new StringDecoder('utf8');
  #unfinished = '';
  #nickname = '';

  override connectionMade(): void {
    this.say('Your nickname?');
  }

  override dataReceived(data: Buffer): void {
    const lines = (this.#unfinished + this.#decoder.write(data)).split('\n');
    this.#unfinished = lines.at(-1) ?? '';
    if (lines.some((line) => line.length > MAX_LINE_LENGTH)) this.transport.loseConnection();
    else for (const line of lines.slice(0, -1)) this.lineReceived(line.replace(/\p{Cc}/gu, ''));
  }

  lineReceived(line: string): void {
    if (this.#nickname !== '') tell(`<${this.#nickname}> ${line}`, this);
    else if (/^[\w-]{1,20}$/.test(line) && !room.has(line)) {
      this.#nickname = line;
      room.set(line, this);
      tell(`* ${line} joined`);
    } else this.say('Please choose another nickname.');
  }

  say(text: string): void {
    this.transport.write(`${text}\n`);
    // Somebody who doesn't read must not fill our memory.
    if (this.transport.bufferedBytes > 1024 * 1024) this.transport.abortConnection();
  }

  override connectionLost(): void {
    if (room.delete(this.#nickname)) tell(`* ${this.#nickname} left`);
  }
}

function tell(text: string, except?: Chatter): void {
  for (const chatter of room.values()) if (chatter !== except) chatter.say(text);
}

try {
  const options = { port: { type: 'string' }, reactor: { type: 'string' } } as const;
  const { port = '7008', reactor: kind } = parseArgs({ options }).values;
  const reactor = createReactor({ kind: kind as Reactor['kind'] });
  const listening = reactor.listenTCP(Number(port), Chatter, { interface: '127.0.0.1' });
  const address = listening.getHost();
  console.log(`chat server (${reactor.kind}, ${reactor.poller}) listening on port ${address.port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`chat-server: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
