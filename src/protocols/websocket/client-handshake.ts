/** The client's half of the handshake (RFC 6455 section 4.1): the fields of the request, and the check of the response. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { withoutStack } from '../../core/errors/base.js';
import { checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { WebSocketResponseError } from './errors.js';
import {
  acceptValueOf,
  type HandshakeFields,
  type HandshakeResponse,
  isHTTP11,
} from './handshake-heads.js';
import { extensionsOf, listsToken } from './header-elements.js';
import {
  agreedDeflate,
  checkDeflateOptions,
  offerDeflate,
  PERMESSAGE_DEFLATE,
  type PermessageDeflateOptions,
  type PermessageDeflateParameters,
} from './permessage-deflate.js';
import { checkSubprotocols } from './server-handshake.js';

export interface ClientHandshakeOptions {
  /** 16 random bytes (RFC 6455 section 4.1). */
  readonly nonce: Uint8Array;
  /** The subprotocols to offer, in order of preference, without duplicates. Default: none. */
  readonly subprotocols?: readonly string[];
  /** The value of the Origin field. Default: there is no such field. */
  readonly origin?: string;
  /** Offers compression. Default: messages are not compressed. */
  readonly deflate?: PermessageDeflateOptions;
}

/** The parameters that the server agreed to. */
export interface AgreedHandshake {
  /** Undefined if the server selected none. */
  readonly subprotocol: string | undefined;
  /** Undefined if there is no compression. */
  readonly deflate: PermessageDeflateParameters | undefined;
}

const OPTIONS: OptionNames<ClientHandshakeOptions> = {
  nonce: true,
  subprotocols: true,
  origin: true,
  deflate: true,
};

/** One handshake of a client. Send a `GET` with {@link fields}, besides Host, then pass the response to {@link check}. */
export class ClientHandshake {
  /** The fields of the request, without Host. */
  readonly fields: HandshakeFields;
  readonly #key: string;
  readonly #subprotocols: readonly string[];
  readonly #deflate: PermessageDeflateParameters | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: ClientHandshakeOptions) {
    checkOptions('ClientHandshake', options, OPTIONS);
    const { nonce, subprotocols = [], origin, deflate } = options;
    if (!(nonce instanceof Uint8Array) || nonce.length !== 16) {
      throw new InvalidArgumentTypeError('nonce', 'a Uint8Array of 16 bytes', nonce);
    }
    if (new Set(checkSubprotocols(subprotocols)).size < subprotocols.length) {
      throw new InvalidArgumentValueError('subprotocols', 'without duplicates', `${subprotocols}`);
    }
    if (origin !== undefined && !/^[\x21-\x7e]+$/.test(checkString('origin', origin))) {
      throw new InvalidArgumentValueError('origin', 'visible ASCII characters', origin);
    }
    this.#key = Buffer.from(nonce).toString('base64');
    this.#subprotocols = [...subprotocols];
    this.#deflate = deflate === undefined ? undefined : checkDeflateOptions('deflate', deflate);
    this.fields = [
      ['Upgrade', 'websocket'],
      ['Connection', 'Upgrade'],
      ['Sec-WebSocket-Version', '13'],
      ['Sec-WebSocket-Key', this.#key],
      ...(subprotocols.length === 0
        ? []
        : [['Sec-WebSocket-Protocol', subprotocols.join(', ')] as const]),
      ...(this.#deflate === undefined
        ? []
        : [['Sec-WebSocket-Extensions', offerDeflate(this.#deflate)] as const]),
      ...(origin === undefined ? [] : [['Origin', origin] as const]),
    ];
  }

  /** @throws WebSocketResponseError The connection is not a WebSocket: close it. */
  check(response: HandshakeResponse): AgreedHandshake {
    const { status } = response;
    if (status !== 101) throw unusable(status, `its status is ${status}, not 101`);
    if (!isHTTP11(response.version)) throw unusable(status, 'its version is not HTTP/1.1');
    if (response.field('upgrade')?.toLowerCase() !== 'websocket') {
      throw unusable(status, 'Upgrade is not websocket');
    }
    if (!listsToken(response.field('connection'), 'upgrade')) {
      throw unusable(status, 'Connection does not contain Upgrade');
    }
    if (response.field('sec-websocket-accept') !== acceptValueOf(this.#key)) {
      throw unusable(status, 'Sec-WebSocket-Accept does not belong to the key');
    }
    const subprotocol = response.field('sec-websocket-protocol');
    if (subprotocol !== undefined && !this.#subprotocols.includes(subprotocol)) {
      throw unusable(status, 'it selects a subprotocol that was not offered');
    }
    return { subprotocol, deflate: this.#agreed(response) };
  }

  #agreed(response: HandshakeResponse): PermessageDeflateParameters | undefined {
    const field = response.field('sec-websocket-extensions');
    if (field === undefined) return undefined;
    const answers = extensionsOf(field);
    if (answers === undefined) {
      throw unusable(response.status, 'Sec-WebSocket-Extensions is malformed or too long');
    }
    const [answer, second] = answers;
    const wasOffered = this.#deflate !== undefined && answer?.name === PERMESSAGE_DEFLATE;
    if (!wasOffered || second !== undefined) {
      throw unusable(response.status, 'it selects an extension that was not offered');
    }
    const agreed = agreedDeflate(answer, this.#deflate);
    if (agreed === undefined) {
      throw unusable(response.status, 'its parameters of permessage-deflate do not fit the offer');
    }
    return agreed;
  }
}

function unusable(status: number, problem: string): WebSocketResponseError {
  return withoutStack(() => new WebSocketResponseError(status, problem));
}
