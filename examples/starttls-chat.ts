// A line chat that begins in clear and requires STARTTLS: `node --import tsx examples/starttls-chat.ts --port 7021`.
// `--cert-out FILE` writes the certificate for clients, such as examples/starttls-client.ts.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createReactor, LimitUnsentBytesFactory, LineOnlyReceiver } from 'ropewalk';
import { selfSignedCertificate, TLSServerContext } from 'ropewalk/tls';

class Chatter extends LineOnlyReceiver {
  readonly #room: Set<Chatter>;
  readonly #context: TLSServerContext;
  readonly #name = `guest${Math.floor(Math.random() * 1e6)}`;

  constructor(room: Set<Chatter>, context: TLSServerContext) {
    super({ ending: 'lf', maxLength: 1000 });
    this.#room = room;
    this.#context = context;
  }

  override connectionMade(): void {
    this.sendLine('This server requires STARTTLS.');
  }

  override lineReceived(line: Buffer): void {
    const text = line.toString().replace(/\p{Cc}/gu, '');
    if (this.transport.tls !== undefined) tell(this.#room, `<${this.#name}> ${text}`, this);
    else if (text !== 'STARTTLS') this.sendLine('Only STARTTLS is possible before TLS.');
    else {
      // This is the last line in clear. If more has arrived in clear, the connection ends.
      this.sendLine('Begin TLS.');
      this.transport.startTLS(this.#context);
    }
  }

  // Do not use anything that was received in clear: an attacker may have sent it.
  handshakeCompleted(): void {
    this.#room.add(this);
    tell(this.#room, `* ${this.#name} joined, with ${this.transport.tls?.version}`);
  }

  override connectionLost(): void {
    if (this.#room.delete(this)) tell(this.#room, `* ${this.#name} left`);
  }
}

function tell(room: Set<Chatter>, text: string, except?: Chatter): void {
  for (const chatter of room) if (chatter !== except) chatter.sendLine(text);
}

try {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { port: text, 'cert-out': text } });
  const identity = await selfSignedCertificate();
  if (values['cert-out']) writeFileSync(values['cert-out'], identity.certificate);
  const context = new TLSServerContext({ identity });
  const room = new Set<Chatter>();
  const reactor = createReactor();
  const factory = new LimitUnsentBytesFactory(() => new Chatter(room, context), { clock: reactor });
  const port = reactor.listenTCP(Number(values.port ?? 7021), factory, { interface: '127.0.0.1' });
  console.log(`STARTTLS chat (${reactor.kind}) listening on port ${port.getHost().port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`starttls-chat: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
