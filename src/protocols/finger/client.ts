/** Asks a finger server. */
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import { type AskOptions, ask } from '../../exchange/ask.js';
import { BytesUntilClose } from '../../exchange/bytes-until-close.js';
import { checkInteger, checkString } from '../../internal/check.js';
import { fromNetworkText } from '../../internal/network-text.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { serializeFingerQuery } from './serializer.js';

export interface FingerOptions extends AskOptions {
  /** Asks for more details. Default false. */
  readonly verbose?: boolean;
  /** The longest answer in bytes: 1 to 2^31 - 1. Default 65,536. */
  readonly maxAnswerBytes?: number;
}

const OPTIONS: OptionNames<FingerOptions> = {
  clock: true,
  timeoutMs: true,
  signal: true,
  verbose: true,
  maxAnswerBytes: true,
};

/** The longest answer of a server that is accepted by default. */
export const DEFAULT_MAX_ANSWER_BYTES: number = 64 * 1024;

/**
 * Asks for a user, or with an empty `who` for a list of users. The query travels in clear.
 *
 * @param endpoint Where the server is, usually port 79.
 * @param who `alice`, or `alice@host`, which asks the server to forward the query to that host; few do.
 * @returns Fires with the answer: lines that end with LF. Control characters, which could command a terminal, are visible escapes
 * such as `\x1b`. Fails with a ConnectError, a ConnectionLost, a TimeoutError, or an AnswerTooLongError.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 *
 * @example
 * const endpoint = clientFromString(reactor, 'tcp:example.com:79');
 * console.log(await finger(endpoint, 'alice', { clock: reactor }));
 */
export function finger(
  endpoint: StreamClientEndpoint,
  who: string,
  options: FingerOptions,
): Deferred<string> {
  checkOptions('finger', options, OPTIONS);
  const { verbose = false, maxAnswerBytes = DEFAULT_MAX_ANSWER_BYTES } = options;
  checkInteger('maxAnswerBytes', maxAnswerBytes, 1, 2 ** 31 - 1);
  const [user = '', ...hosts] = checkString('who', who).split('@');
  const query = { user: user === '' ? undefined : user, verbose, hosts };
  const reader = new BytesUntilClose(maxAnswerBytes, 'maxAnswerBytes');
  return ask(endpoint, options, serializeFingerQuery(query), reader).addCallback(fromNetworkText);
}
