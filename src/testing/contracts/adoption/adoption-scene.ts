/** The stage of one case of the adoption contract: a reactor, and another one whose sockets it adopts. */
import assert from 'node:assert/strict';
import { fstatSync } from 'node:fs';

import { type Address, UNIXAddress } from '../../../core/address.js';
import type { SystemError } from '../../../core/errors/base.js';
import { DescriptorError } from '../../../core/errors/listening.js';
import { Protocol } from '../../../core/protocol.js';
import type { Reactor } from '../../../core/reactor.js';
import type { SocketTransport, UNIXTransport } from '../../../core/transport.js';
import type { LoggedErrorCapture } from '../../logged-errors.js';
import { ReactorScene } from '../reactor/reactor-scene.js';
import type { MakeReactorStage, ReactorStage } from '../reactor/reactor-stage.js';
import { SceneCases } from '../scene.js';
import type { RecordingProtocol } from '../transport/recording-protocol.js';

export type Via = 'tcp' | 'unix';
export const BOTH: readonly Via[] = ['tcp', 'unix'];

export const TAKE_OVER = { takeOver: true } as const;

/** A connection that no reactor has, and the protocol at its other end. */
export interface DetachedEnd {
  readonly fd: number;
  readonly peer: RecordingProtocol;
}

/** A listening socket that no reactor has, and a function that connects to it. */
export interface ListeningSocket {
  readonly fd: number;
  readonly address: Address;
  /** Connects to it from the source. */
  connect(): Promise<RecordingProtocol>;
}

/** Passes received descriptors on. */
class DescriptorReceiver extends Protocol {
  readonly #received: number[];

  constructor(received: number[]) {
    super();
    this.#received = received;
  }

  fileDescriptorReceived(fd: number): void {
    this.#received.push(fd);
  }
}

export function isOpen(fd: number): boolean {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
}

/** Checks that `adopt` refuses the descriptor. Returns the code of the cause. */
export function refusal(adopt: () => unknown, fd: number): string {
  let code = '';
  assert.throws(adopt, (error) => {
    assert(error instanceof DescriptorError);
    assert.equal(error.fd, fd);
    code = (error.cause as SystemError).code;
    return true;
  });
  return code;
}

export class AdoptionScene extends ReactorScene {
  readonly #makeSource: () => Reactor;
  readonly #received: number[] = [];
  #source: Reactor | undefined = undefined;
  #courier: UNIXTransport | undefined = undefined;

  constructor(stage: ReactorStage, errors: LoggedErrorCapture, makeSource: () => Reactor) {
    super(stage, errors);
    this.#makeSource = makeSource;
  }

  /** The reactor that opens the sockets to be adopted. */
  get source(): Reactor {
    if (this.#source !== undefined) return this.#source;
    const source = this.#makeSource();
    this.atEnd(() => source[Symbol.asyncDispose]());
    this.#source = source;
    return source;
  }

  /** A second descriptor of `fd`, which the source sends to itself; it belongs to the case. */
  async duplicate(fd: number): Promise<number> {
    this.#courier ??= await this.#openCourier();
    this.#courier.sendFileDescriptor(fd);
    this.#courier.write('.');
    await this.until(() => this.#received.length > 0, 'a descriptor');
    return this.#received.shift() as number;
  }

  async detached(via: Via): Promise<DetachedEnd> {
    const [peers, mine] = [this.recorders(), this.recorders()];
    if (via === 'tcp') {
      this.source.connectTCP(this.host, this.listen(peers).getHost().port, mine);
    } else {
      const path = this.path();
      this.reactor.listenUNIX(path, peers);
      this.source.connectUNIX(path, mine);
    }
    const made = (): boolean => [peers, mine].every(({ built }) => built[0]?.opened === true);
    await this.until(made, 'a connection');
    const [peer, end] = [peers.built[0], mine.built[0]];
    assert(peer !== undefined && end !== undefined);
    const { fd } = await this.answerOf((end.transport as SocketTransport).detach(), 'detach');
    return { fd, peer };
  }

  /** A listening socket whose first descriptor is closed. */
  async listeningSocket(via: Via): Promise<ListeningSocket> {
    const { source, host } = this;
    const path = this.path('listening');
    const listening =
      via === 'tcp'
        ? source.listenTCP(0, () => null, { interface: host })
        : source.listenUNIX(path, () => null);
    const address = listening.getHost();
    const fd = await this.duplicate(listening.fileno());
    await this.answerOf(listening.stopListening({ keepFile: true }), 'stopListening');
    const connect = async (): Promise<RecordingProtocol> => {
      const clients = this.recorders();
      if (address instanceof UNIXAddress) source.connectUNIX(path, clients);
      else source.connectTCP(host, address.port, clients);
      await this.until(() => clients.built[0]?.opened === true, 'a connection');
      return clients.built[0] as RecordingProtocol;
    };
    return { fd, address, connect };
  }

  async #openCourier(): Promise<UNIXTransport> {
    const path = this.path('courier');
    this.source.listenUNIX(path, () => new DescriptorReceiver(this.#received));
    const client = this.recorders();
    this.source.connectUNIX(path, client);
    await this.until(() => client.built[0]?.opened === true, 'a connection for descriptors');
    return client.built[0]?.transport as UNIXTransport;
  }
}

/** Makes the cases of the adoption contract from their names and bodies. */
export class AdoptionCases extends SceneCases<AdoptionScene> {
  /** @throws InvalidArgumentTypeError */
  constructor(makeStage: MakeReactorStage, makeSource: () => Reactor) {
    super(
      makeStage,
      class extends AdoptionScene {
        constructor(stage: ReactorStage, errors: LoggedErrorCapture) {
          super(stage, errors, makeSource);
        }
      },
    );
  }
}
