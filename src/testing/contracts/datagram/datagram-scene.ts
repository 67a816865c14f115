/** The stage of one case of the datagram contract: a reactor, and UDP ports that record. */
import assert from 'node:assert/strict';

import type { HostPort } from '../../../core/address.js';
import type { ListenUDPOptions, UDPTransport } from '../../../core/datagram.js';
import type { Reactor } from '../../../core/reactor.js';
import { checkBoolean } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import { captureLoggedErrors, type LoggedErrorCapture } from '../../logged-errors.js';
import type { ContractCase } from '../contract-case.js';
import type { MakeReactorStage, ReactorStage } from '../reactor/reactor-stage.js';
import { RecordingDatagrams } from './recording-datagrams.js';

export interface DatagramContractOptions {
  /** Whether `connectionRefused` is called on a connected socket when nothing listens at its peer. Default true. */
  readonly refusals?: boolean;
  /** Whether the machine has multicast on the interface of `host`. Default true. */
  readonly multicast?: boolean;
  /**
   * Whether lent bytes are overwritten when `datagramReceived` returns: on simulated reactors, and on those made with
   * `poisonLentBytes`. Default false: that is not checked.
   */
  readonly poisonsLentBytes?: boolean;
}

const OPTIONS: OptionNames<DatagramContractOptions> = {
  refusals: true,
  multicast: true,
  poisonsLentBytes: true,
};

/** An administratively scoped group (RFC 5771 section 9). */
export const GROUP = '239.255.77.78';

export interface RecordingPort {
  readonly port: UDPTransport;
  readonly protocol: RecordingDatagrams;
  /** The destination for other ports. */
  readonly to: HostPort;
}

export class DatagramScene {
  readonly reactor: Reactor;
  readonly host: string;
  readonly #stage: ReactorStage;
  readonly #errors: LoggedErrorCapture;
  readonly #violations: string[] = [];

  constructor(stage: ReactorStage, errors: LoggedErrorCapture) {
    this.reactor = stage.reactor;
    this.host = stage.host;
    this.#stage = stage;
    this.#errors = errors;
  }

  protocol(): RecordingDatagrams {
    return new RecordingDatagrams(this.#violations);
  }

  /** A port of {@link host}. */
  open(
    options: ListenUDPOptions = {},
    number = 0,
    protocol: RecordingDatagrams = this.protocol(),
  ): RecordingPort {
    const port = this.reactor.listenUDP(number, protocol, { interface: this.host, ...options });
    return { port, protocol, to: { host: this.host, port: port.getHost().port } };
  }

  /** A port that nothing listens on: it was free a moment ago. */
  async closedPort(): Promise<number> {
    const { port, to } = this.open();
    await this.answerOf(port.stopListening(), 'stopListening');
    return to.port;
  }

  until(condition: () => boolean, what: string): Promise<void> {
    return this.#stage.until(condition, what);
  }

  settle(): Promise<void> {
    return this.#stage.settle();
  }

  received({ protocol }: RecordingPort, count: number): Promise<void> {
    return this.until(() => protocol.received.length >= count, `${count} datagrams`);
  }

  async answerOf<T>(answer: PromiseLike<T>, what: string): Promise<T> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    answer.then(settle, settle);
    await this.until(() => settled, what);
    return answer;
  }

  takeErrors(): unknown[] {
    return this.#errors.flush().map(({ error }) => error);
  }

  /** The rules that hold in every case. */
  check(): void {
    assert.deepEqual(this.#violations, [], 'rules of callbacks are kept');
    assert.deepEqual(this.takeErrors(), [], 'no error is reported that the case did not expect');
  }
}

/** Makes the cases of the datagram contract out of their names and bodies. */
export class DatagramCases {
  readonly cases: ContractCase[] = [];
  readonly refusals: boolean;
  readonly multicast: boolean;
  readonly poisonsLentBytes: boolean;
  readonly #makeStage: MakeReactorStage;

  constructor(makeStage: MakeReactorStage, options: DatagramContractOptions) {
    checkOptions('datagramContract', options, OPTIONS);
    const { refusals = true, multicast = true, poisonsLentBytes = false } = options;
    this.#makeStage = makeStage;
    this.refusals = checkBoolean('refusals', refusals);
    this.multicast = checkBoolean('multicast', multicast);
    this.poisonsLentBytes = checkBoolean('poisonsLentBytes', poisonsLentBytes);
  }

  add(name: string, body: (scene: DatagramScene) => Promise<void> | void): void {
    this.cases.push({ name, run: () => this.#run(body) });
  }

  async #run(body: (scene: DatagramScene) => Promise<void> | void): Promise<void> {
    const errors = captureLoggedErrors();
    try {
      const stage = await this.#makeStage();
      const scene = new DatagramScene(stage, errors);
      try {
        await body(scene);
        scene.check();
      } finally {
        await stage.dispose();
      }
      scene.check();
    } finally {
      errors[Symbol.dispose]();
    }
  }
}
