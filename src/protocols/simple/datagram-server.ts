/**
 * The simple services over UDP. They answer to addresses that anyone can write into a datagram, so by default no answer is longer than
 * its question: the server cannot be used to multiply an attack. Datagrams from system ports, and from the server's own port number,
 * are not answered at all, because two such services, or one and itself, would otherwise answer each other forever.
 */
import type { IPAddress } from '../../core/address.js';
import { DatagramProtocol, type DatagramTransport } from '../../core/datagram.js';
import type { MaybeAsync } from '../../core/maybe-async.js';
import { checkBoolean } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { MAX_CHARGEN_BYTES, type SimpleService } from './events.js';
import { chargenBytes } from './serializer.js';
import { answerMaker, type ServiceSettings } from './service-settings.js';

export interface SimpleDatagramOptions extends ServiceSettings {
  /**
   * Whether answers may be longer than their questions, as RFC 864 to 868 want: clients send empty datagrams. Only for networks whose
   * hosts you trust. Default false.
   */
  readonly allowLongerAnswers?: boolean;
}

const OPTIONS: OptionNames<SimpleDatagramOptions> = {
  quote: true,
  now: true,
  allowLongerAnswers: true,
};

/** Ports from here on are those of clients (RFC 6335 section 6). */
const FIRST_USER_PORT = 1_024;
/** Answers that are being made at a time. Further datagrams are not answered. */
const MAX_PENDING_ANSWERS = 1_000;

/**
 * Serves one of the simple services over UDP. Servers of streams do not open a UDP port: you decide on that.
 *
 * @example reactor.listenUDP(7, new SimpleDatagramServer('echo'), { interface: '127.0.0.1' });
 */
export class SimpleDatagramServer extends DatagramProtocol {
  override readonly acceptsLentBytes: boolean = true;
  readonly service: SimpleService;
  readonly #makeAnswer: () => Buffer | PromiseLike<Buffer>;
  readonly #allowLongerAnswers: boolean;
  #unansweredCount = 0;
  #pendingCount = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(service: SimpleService, options: SimpleDatagramOptions = {}) {
    super();
    checkOptions('SimpleDatagramServer', options, OPTIONS);
    const { allowLongerAnswers = false } = options;
    this.#makeAnswer = answerMaker(service, options);
    this.#allowLongerAnswers = checkBoolean('allowLongerAnswers', allowLongerAnswers);
    this.service = service;
  }

  /** The number of datagrams that were not answered, because of their port, because the answer is too long, or because 1,000 are being made. */
  get unansweredCount(): number {
    return this.#unansweredCount;
  }

  override datagramReceived(
    data: Buffer,
    from: IPAddress,
    transport: DatagramTransport<IPAddress>,
  ): MaybeAsync {
    if (this.service === 'discard') return;
    if (from.port < FIRST_USER_PORT || from.port === transport.getHost().port) {
      this.#unansweredCount++;
      return;
    }
    const { length } = data;
    if (this.service === 'echo') transport.write(data, from);
    else if (this.service === 'chargen') {
      const most = this.#allowLongerAnswers ? MAX_CHARGEN_BYTES : length;
      transport.write(chargenBytes(0, Math.min(MAX_CHARGEN_BYTES, most)), from);
    } else return this.#answer(length, from, transport);
  }

  /** A datagram that cannot be sent concerns its client only. */
  datagramFailed(): void {}

  #answer(length: number, from: IPAddress, transport: DatagramTransport<IPAddress>): MaybeAsync {
    const send = (bytes: Buffer): void => {
      if (bytes.length <= length || this.#allowLongerAnswers) transport.write(bytes, from);
      else this.#unansweredCount++;
    };
    if (this.#pendingCount >= MAX_PENDING_ANSWERS) {
      this.#unansweredCount++;
      return;
    }
    const answer = this.#makeAnswer();
    if (Buffer.isBuffer(answer)) {
      send(answer);
      return;
    }
    this.#pendingCount++;
    return Promise.resolve(answer)
      .finally(() => this.#pendingCount--)
      .then(send);
  }
}
