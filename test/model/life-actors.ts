/** The factories and protocols of a program of life-program.ts: they report what is called to its world. */
import { ClientFactory, type Connector, Protocol, type Reactor } from '../../src/index.js';
import type { Again, Hook } from './life-program.js';

/** Something with callbacks. It belongs to the runs up to the present one's stop. */
export interface Told {
  readonly name: string;
  generation: number;
}

/** The part of a world that keeps account of callbacks. */
export interface Account {
  readonly reactor: Reactor;
  readonly generation: number;
  make(name: string): Told;
  tell(told: Told, what: string, hook?: Hook): void;
}

export class RecordingFactory extends ClientFactory {
  readonly built: RecordingProtocol[] = [];
  readonly told: Told;
  readonly #world: Account;
  readonly #again: Again;
  #started = 0;
  #stopped = 0;
  #attempts = 0;
  #ended = 0;

  constructor(world: Account, again: Again, name: string) {
    super();
    this.#world = world;
    this.#again = again;
    this.told = world.make(name);
  }

  override buildProtocol(): RecordingProtocol {
    const name = `${this.told.name}, connection ${this.built.length + 1}`;
    const protocol = new RecordingProtocol(this.#world, name);
    this.built.push(protocol);
    return protocol;
  }

  override startFactory(): void {
    this.told.generation = this.#world.generation;
    this.#started += 1;
    this.#world.tell(this.told, 'startFactory');
  }

  override stopFactory(): void {
    this.#stopped += 1;
    this.#world.tell(this.told, 'stopFactory', 'stopFactory');
  }

  override startedConnecting(): void {
    this.#attempts += 1;
  }

  override clientConnectionFailed(connector: Connector, reason: Error): void {
    this.#ended += 1;
    this.#world.tell(this.told, `clientConnectionFailed ${reason.name}`, 'clientConnectionFailed');
    if (this.#again === 'failed') connector.connect();
  }

  override clientConnectionLost(connector: Connector, reason: Error): void {
    this.#ended += 1;
    this.#world.tell(this.told, `clientConnectionLost ${reason.name}`, 'clientConnectionLost');
    if (this.#again === 'lost') connector.connect();
    else if (this.#again === 'later') this.#world.reactor.callLater(1, () => connector.connect());
  }

  unfinished(): string[] {
    const lost = this.built
      .filter((each) => each.lost !== 1)
      .map((each) => `lost ${each.lost} times`);
    if (this.#started !== this.#stopped)
      lost.push(`${this.#started} starts, ${this.#stopped} stops`);
    if (this.#attempts !== this.#ended)
      lost.push(`${this.#attempts} attempts, ${this.#ended} ended`);
    return lost;
  }
}

export class RecordingProtocol extends Protocol {
  made = 0;
  lost = 0;
  readonly #told: Told;
  readonly #world: Account;

  constructor(world: Account, name: string) {
    super();
    this.#world = world;
    this.#told = world.make(name);
  }

  produce(ends: boolean): void {
    const { transport } = this;
    try {
      const producer = { pauseProducing() {}, resumeProducing() {}, stopProducing() {} };
      transport.registerProducer(producer, true);
    } catch {
      return; // It has one.
    }
    if (ends) this.#world.reactor.callFromThread(() => transport.unregisterProducer());
  }

  override connectionMade(): void {
    this.made += 1;
    this.#world.tell(this.#told, 'connectionMade', 'connectionMade');
  }

  override dataReceived(): void {
    this.#world.tell(this.#told, 'dataReceived', 'dataReceived');
  }

  override connectionLost(reason: Error): void {
    this.lost += 1;
    this.#world.tell(this.#told, `connectionLost ${reason.name}`, 'connectionLost');
  }
}
