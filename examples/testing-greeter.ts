// The protocol that examples/testing-a-protocol.ts tests: greets each name that it receives on a line.
import { type Clock, type DelayedCall, LineOnlyReceiver } from 'ropewalk';

const SILENCE_MS = 30_000;

/** Answers a name with a greeting and `QUIT` with a good-bye; half a minute of silence ends the connection. */
export class Greeter extends LineOnlyReceiver {
  override readonly appliesBackpressure = true;
  readonly #clock: Clock;
  #silence: DelayedCall | undefined;

  /** @param clock A reactor, or the manual clock of a test. */
  constructor(clock: Clock) {
    super({ maxLength: 100 });
    this.#clock = clock;
  }

  override connectionMade(): void {
    this.sendLine('Who are you?');
    this.#silence = this.#clock.callLater(SILENCE_MS, () => this.transport.loseConnection());
  }

  override lineReceived(line: Buffer): void {
    this.#silence?.reset(SILENCE_MS);
    if (line.equals(Buffer.from('QUIT'))) {
      this.sendLine('Good-bye.');
      this.transport.loseConnection();
    } else this.sendLine(`Hello, ${line}!`);
  }

  override connectionLost(): void {
    if (this.#silence?.active()) this.#silence.cancel();
  }
}
