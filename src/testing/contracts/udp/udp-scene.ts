/** The stage of one case of the UDP contract: a reactor, and UDP ports that record. */
import type { HostPort } from '../../../core/address.js';
import type { ListenUDPOptions, UDPTransport } from '../../../core/datagram.js';
import { checkBoolean } from '../../../internal/check.js';
import { checkOptions, type OptionNames } from '../../../internal/options.js';
import { RecordingDatagrams } from '../datagram/recording-datagrams.js';
import type { MakeReactorStage } from '../reactor/reactor-stage.js';
import { Scene, SceneCases } from '../scene.js';

export interface UDPContractOptions {
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

const OPTIONS: OptionNames<UDPContractOptions> = {
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

export class UDPScene extends Scene {
  protocol(): RecordingDatagrams {
    return new RecordingDatagrams(this.violations);
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

  received({ protocol }: RecordingPort, count: number): Promise<void> {
    return this.until(() => protocol.received.length >= count, `${count} datagrams`);
  }
}

/** Makes the cases of the UDP contract out of their names and bodies. */
export class UDPCases extends SceneCases<UDPScene> {
  readonly refusals: boolean;
  readonly multicast: boolean;
  readonly poisonsLentBytes: boolean;

  constructor(makeStage: MakeReactorStage, options: UDPContractOptions) {
    checkOptions('udpContract', options, OPTIONS);
    const { refusals = true, multicast = true, poisonsLentBytes = false } = options;
    super(makeStage, UDPScene);
    this.refusals = checkBoolean('refusals', refusals);
    this.multicast = checkBoolean('multicast', multicast);
    this.poisonsLentBytes = checkBoolean('poisonsLentBytes', poisonsLentBytes);
  }
}
