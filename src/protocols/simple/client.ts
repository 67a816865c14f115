/** Asks time, daytime and quote servers, over streams. */
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import { type AskOptions, ask } from '../../exchange/ask.js';
import { BytesUntilClose } from '../../exchange/bytes-until-close.js';
import { fromNetworkText } from '../../internal/network-text.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { parseTime, TIME_BYTES } from './times.js';

const OPTIONS: OptionNames<AskOptions> = { clock: true, timeoutMs: true, signal: true };

/** Servers of today ignore the 512 characters of RFC 865. */
const MAX_TEXT_BYTES = 4_096;

/**
 * The time of a server (RFC 868), to the second. It is not corrected for the way of the answer, and anyone on that way can change it.
 * @param endpoint Usually port 37.
 * @returns Fails with an InvalidTimeAnswerError, an AnswerTooLongError, a ConnectError, a ConnectionLost or a TimeoutError.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function askTime(endpoint: StreamClientEndpoint, options: AskOptions): Deferred<Date> {
  checkOptions('askTime', options, OPTIONS);
  const reader = new BytesUntilClose(TIME_BYTES);
  return ask(endpoint, options, undefined, reader).addCallback((bytes) =>
    parseTime(bytes, new Date()),
  );
}

/**
 * The date and time of a server as text (RFC 867), whose format is the server's. Control characters are visible.
 * @param endpoint Usually port 13.
 * @returns Fails as {@link askTime} does.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function askDaytime(endpoint: StreamClientEndpoint, options: AskOptions): Deferred<string> {
  checkOptions('askDaytime', options, OPTIONS);
  return askText(endpoint, options);
}

/**
 * The quote of the day (RFC 865). Lines end with LF, and control characters are visible. At most 4,096 bytes are accepted.
 * @param endpoint Usually port 17.
 * @returns Fails as {@link askTime} does.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function askQuote(endpoint: StreamClientEndpoint, options: AskOptions): Deferred<string> {
  checkOptions('askQuote', options, OPTIONS);
  return askText(endpoint, options);
}

function askText(endpoint: StreamClientEndpoint, options: AskOptions): Deferred<string> {
  const reader = new BytesUntilClose(MAX_TEXT_BYTES);
  return ask(endpoint, options, undefined, reader).addCallback((bytes) =>
    fromNetworkText(bytes).trim(),
  );
}
