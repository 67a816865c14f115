/** Negotiates permessage-deflate (RFC 7692 section 7.1): offers, answers, and the agreed parameters. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { checkBoolean, checkInteger } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { ExtensionElement } from './header-elements.js';

export const PERMESSAGE_DEFLATE = 'permessage-deflate';

/**
 * How one end compresses and what it requests of the other. By default no context is kept between messages, so idle connections
 * hold no memory for compression.
 */
export interface PermessageDeflateOptions {
  /** The server forgets each message once it is sent. Default true. A client's offer demands it. */
  readonly serverNoContextTakeover?: boolean;
  /** The client forgets each message once it is sent. Default true. A server demands it. */
  readonly clientNoContextTakeover?: boolean;
  /** The base-2 logarithm of the largest window that the server uses: 8 to 15. Default 15. */
  readonly serverMaxWindowBits?: number;
  /** The base-2 logarithm of the largest window that the client uses: 8 to 15. Default 15. */
  readonly clientMaxWindowBits?: number;
}

/** The parameters that both ends agreed on. */
export interface PermessageDeflateParameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** 8 to 15. */
  readonly serverMaxWindowBits: number;
  /** 8 to 15. */
  readonly clientMaxWindowBits: number;
}

const OPTIONS: OptionNames<PermessageDeflateOptions> = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: true,
  clientMaxWindowBits: true,
};

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function checkDeflateOptions(
  what: string,
  options: PermessageDeflateOptions,
): PermessageDeflateParameters {
  if (typeof options === 'boolean') {
    const expected = 'an object of options, such as {} for the defaults';
    throw new InvalidArgumentTypeError(what, expected, options);
  }
  checkOptions(what, options, OPTIONS);
  const {
    serverNoContextTakeover = true,
    clientNoContextTakeover = true,
    serverMaxWindowBits = 15,
    clientMaxWindowBits = 15,
  } = options;
  return {
    serverNoContextTakeover: checkBoolean('serverNoContextTakeover', serverNoContextTakeover),
    clientNoContextTakeover: checkBoolean('clientNoContextTakeover', clientNoContextTakeover),
    serverMaxWindowBits: checkInteger('serverMaxWindowBits', serverMaxWindowBits, 8, 15),
    clientMaxWindowBits: checkInteger('clientMaxWindowBits', clientMaxWindowBits, 8, 15),
  };
}

/** The parameters of an element. `client_max_window_bits` in an offer may have no value: then it is `true`. */
interface ParsedElement {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverMaxWindowBits: number | undefined;
  readonly clientMaxWindowBits: number | true | undefined;
}

/** Undefined for unknown, repeated and invalid parameters (RFC 7692 section 7.1). */
function parse(element: ExtensionElement, isOffer: boolean): ParsedElement | undefined {
  const seen = new Map<string, string | undefined>();
  for (const [name, value] of element.parameters) {
    if (seen.has(name)) return undefined;
    seen.set(name, value);
    const valid = name.endsWith('_no_context_takeover')
      ? value === undefined
      : isWindowBits(value) ||
        (isOffer && value === undefined && name === 'client_max_window_bits');
    if (!valid || !NAMES.includes(name)) return undefined;
  }
  const bits = (name: string): number | undefined => {
    const value = seen.get(name);
    return value === undefined ? undefined : Number(value);
  };
  return {
    serverNoContextTakeover: seen.has('server_no_context_takeover'),
    clientNoContextTakeover: seen.has('client_no_context_takeover'),
    serverMaxWindowBits: bits('server_max_window_bits'),
    clientMaxWindowBits:
      bits('client_max_window_bits') ?? (seen.has('client_max_window_bits') ? true : undefined),
  };
}

const NAMES: readonly string[] = [
  'server_no_context_takeover',
  'client_no_context_takeover',
  'server_max_window_bits',
  'client_max_window_bits',
];

/** A decimal number from 8 to 15 without leading zeros. */
function isWindowBits(value: string | undefined): boolean {
  return value !== undefined && /^(?:[89]|1[0-5])$/.test(value);
}

/** The parameters that a server agrees to, and its answer in `Sec-WebSocket-Extensions`. */
export interface AcceptedDeflate {
  readonly parameters: PermessageDeflateParameters;
  readonly answer: string;
}

/** The first acceptable offer; undefined if there is none: then messages are not compressed. */
export function acceptDeflate(
  offers: readonly ExtensionElement[],
  own: PermessageDeflateParameters,
): AcceptedDeflate | undefined {
  for (const offer of offers) {
    if (offer.name !== PERMESSAGE_DEFLATE) continue;
    const parsed = parse(offer, true);
    if (parsed !== undefined) return accept(parsed, own);
  }
  return undefined;
}

function accept(offer: ParsedElement, own: PermessageDeflateParameters): AcceptedDeflate {
  const { clientMaxWindowBits } = offer;
  const parameters = {
    serverNoContextTakeover: own.serverNoContextTakeover || offer.serverNoContextTakeover,
    // The server may demand it without an offer (RFC 7692 section 7.1.1.2).
    clientNoContextTakeover: own.clientNoContextTakeover || offer.clientNoContextTakeover,
    serverMaxWindowBits: Math.min(own.serverMaxWindowBits, offer.serverMaxWindowBits ?? 15),
    // Without an offer the server must not limit the client's window (section 7.1.2.2).
    clientMaxWindowBits:
      clientMaxWindowBits === undefined
        ? 15
        : Math.min(
            own.clientMaxWindowBits,
            clientMaxWindowBits === true ? 15 : clientMaxWindowBits,
          ),
  };
  const answersServerBits =
    offer.serverMaxWindowBits !== undefined || parameters.serverMaxWindowBits < 15;
  return {
    parameters,
    answer: [
      PERMESSAGE_DEFLATE,
      parameters.serverNoContextTakeover ? 'server_no_context_takeover' : '',
      parameters.clientNoContextTakeover ? 'client_no_context_takeover' : '',
      answersServerBits ? `server_max_window_bits=${parameters.serverMaxWindowBits}` : '',
      parameters.clientMaxWindowBits < 15
        ? `client_max_window_bits=${parameters.clientMaxWindowBits}`
        : '',
    ]
      .filter((part) => part !== '')
      .join('; '),
  };
}

/** A client's offer in `Sec-WebSocket-Extensions`. */
export function offerDeflate(own: PermessageDeflateParameters): string {
  return [
    PERMESSAGE_DEFLATE,
    own.serverNoContextTakeover ? 'server_no_context_takeover' : '',
    own.clientNoContextTakeover ? 'client_no_context_takeover' : '',
    own.serverMaxWindowBits < 15 ? `server_max_window_bits=${own.serverMaxWindowBits}` : '',
    own.clientMaxWindowBits < 15
      ? `client_max_window_bits=${own.clientMaxWindowBits}`
      : 'client_max_window_bits',
  ]
    .filter((part) => part !== '')
    .join('; ');
}

/** The parameters of a server's answer to {@link offerDeflate}; undefined if the answer is not allowed (section 7.1.3). */
export function agreedDeflate(
  answer: ExtensionElement,
  own: PermessageDeflateParameters,
): PermessageDeflateParameters | undefined {
  const parsed = parse(answer, false);
  if (parsed === undefined) return undefined;
  const { serverMaxWindowBits = 15, clientMaxWindowBits = own.clientMaxWindowBits } = parsed;
  if (own.serverNoContextTakeover && !parsed.serverNoContextTakeover) return undefined;
  if (serverMaxWindowBits > own.serverMaxWindowBits) return undefined;
  if (clientMaxWindowBits === true || clientMaxWindowBits > own.clientMaxWindowBits) {
    return undefined;
  }
  return {
    serverNoContextTakeover: parsed.serverNoContextTakeover,
    // A client may forget its messages without the server's consent (section 7.1.1.2).
    clientNoContextTakeover: own.clientNoContextTakeover || parsed.clientNoContextTakeover,
    serverMaxWindowBits,
    clientMaxWindowBits,
  };
}
