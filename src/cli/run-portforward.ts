/** The program of `ropewalk portforward`. */
import { serviceFromString } from '../application/endpoint-service.js';
import type { Service } from '../application/service.js';
import type { Reactor } from '../core/reactor.js';
import { InvalidEndpointError } from '../endpoints/errors.js';
import { clientFromString } from '../endpoints/from-string.js';
import { Logger } from '../logger/logger.js';
import { PortForwardFactory } from '../portforward/port-forward-factory.js';
import { fromArguments } from './built-in.js';
import { PORT_FORWARD } from './built-ins.js';
import { MIN_SECONDS, milliseconds, wholeNumber } from './flag-values.js';
import { choice } from './reactor-choice.js';
import { UsageError } from './usage-error.js';

const MAX_CONNECTIONS = 1_000_000;
const log = new Logger({ namespace: 'portforward' });

export default function (reactor: Reactor, args: readonly string[]): Service {
  return fromArguments(PORT_FORWARD, args, ({ values, listen, args: [target = ''] }) => {
    const numbers = {
      connectTimeoutMs: milliseconds(
        'connect-timeout',
        values['connect-timeout'],
        undefined,
        MIN_SECONDS,
      ),
      idleTimeoutMs: milliseconds('idle', values.idle, undefined, MIN_SECONDS),
      maxConnections: wholeNumber(
        'max-connections',
        values['max-connections'],
        undefined,
        MAX_CONNECTIONS,
        1,
      ),
      proxyHeader: proxyHeader(values['proxy-header']),
    };
    const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
    const factory = new PortForwardFactory(reactor, targetOf(reactor, target), {
      ...Object.fromEntries(given),
      onForwarded: (client, place) => log.info('{client} to {target}', { client, target: place }),
      onFailed: (reason, client) => {
        log.warn('{client}: {reason}', { client, reason: reason.message });
      },
    });
    return serviceFromString(reactor, listen, factory, { name: 'portforward' });
  });
}

/** @throws UsageError */
function targetOf(reactor: Reactor, text: string): ReturnType<typeof clientFromString> {
  try {
    return clientFromString(reactor, text);
  } catch (error) {
    if (error instanceof InvalidEndpointError) throw new UsageError(`TARGET: ${error.message}`);
    throw error;
  }
}

/** @throws UsageError */
function proxyHeader(text: string | undefined): 1 | 2 | undefined {
  return text === undefined
    ? undefined
    : choice('--proxy-header', text, ['1', '2']) === '1'
      ? 1
      : 2;
}
