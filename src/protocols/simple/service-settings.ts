/** The settings that stream and datagram servers share. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import { isThenable } from '../../defer/thenable.js';
import { checkChoice, checkFunction } from '../../internal/check.js';
import { SERVICES, type SimpleService } from './events.js';
import { quoteBytes } from './serializer.js';
import { daytimeBytes, timeBytes } from './times.js';

export interface ServiceSettings {
  /** The text of the service `quote`, at most 512 bytes; required for it, and for no other. Called for each client. */
  readonly quote?: () => string | PromiseLike<string>;
  /** The time of the services `time` and `daytime`. Default: that of the system. */
  readonly now?: () => Date;
}

/** Makes the answer of time, daytime and quote. @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function answerMaker(
  service: SimpleService,
  { quote, now = () => new Date() }: ServiceSettings,
): () => Buffer | PromiseLike<Buffer> {
  checkChoice('service', service, SERVICES);
  checkFunction('now', now);
  if (service === 'quote') checkFunction('quote', quote);
  else if (quote !== undefined) {
    throw new InvalidArgumentValueError('quote', 'omitted for other services', String(quote));
  }
  if (service === 'time') return () => timeBytes(now());
  if (service === 'daytime') return () => daytimeBytes(now());
  return () => {
    const text = quote?.() ?? '';
    return isThenable(text) ? Promise.resolve(text).then(quoteBytes) : quoteBytes(text);
  };
}
