/**
 * Every options object of the public API refuses names that it does not know. The options types are read from the source: a new
 * one without a case fails the first test.
 */
import { describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/index.js';
import { findOptionsTypes } from '../support/options-types.js';
import { unknownOptionOf } from '../support/unknown-option.js';
import { APPLICATION_CALLS } from './application-options.js';
import { CRED_CALLS } from './cred-options.js';
import { DATABASE_CALLS } from './database-options.js';
import { FILES_CALLS } from './files-options.js';
import { FOREIGN_CALLS } from './foreign-options.js';
import { HTTP_CALLS } from './http-options.js';
import { LOGGER_CALLS } from './logger-options.js';
import { MEMCACHE_CALLS } from './memcache-options.js';
import type { Call } from './option-calls.js';
import { PROCESS_CALLS } from './process-options.js';
import { PUBSUB_CALLS } from './pubsub-options.js';
import { Blocks, Lines, Netstrings, OnlyLines, REACTOR_CALLS, Strings } from './reactor-options.js';
import { REDIS_CALLS } from './redis-options.js';
import { RPC_CALLS } from './rpc-options.js';
import { SMALL_PROTOCOLS_CALLS } from './small-protocols-options.js';
import { SOCKS_CALLS } from './socks-options.js';
import { TERMINAL_CALLS } from './terminal-options.js';
import { TESTING_CALLS } from './testing-options.js';
import { WEB_CALLS } from './web-options.js';
import { WEB_PROXY_CALLS } from './web-proxy-options.js';
import { WEB_STATE_CALLS } from './web-state-options.js';

class Given {}

/** Of each options type, all that take it. */
const CALLS: Readonly<Record<string, readonly Call[]>> = {
  ...APPLICATION_CALLS,
  ...CRED_CALLS,
  ...DATABASE_CALLS,
  ...FILES_CALLS,
  ...FOREIGN_CALLS,
  ...HTTP_CALLS,
  ...LOGGER_CALLS,
  ...MEMCACHE_CALLS,
  ...PROCESS_CALLS,
  ...PUBSUB_CALLS,
  ...REACTOR_CALLS,
  ...REDIS_CALLS,
  ...RPC_CALLS,
  ...SMALL_PROTOCOLS_CALLS,
  ...SOCKS_CALLS,
  ...TERMINAL_CALLS,
  ...TESTING_CALLS,
  ...WEB_CALLS,
  ...WEB_PROXY_CALLS,
  ...WEB_STATE_CALLS,
};

/** Types that look like options and are none. */
const NOT_OPTIONS: Readonly<Record<string, string>> = {
  AddonNotLoadedOptions: 'made by Ropewalk itself, for an error',
  ConnectErrorOptions: 'made by Ropewalk itself, for an error',
  HTTPOrigin: 'a server: connections belong to the object',
  JSONRPCErrorObject: 'the error of a message: a value',
  DatabaseReport: 'made by drivers, for an error',
  'OpenTelemetryTracer.startSpan': 'the interface of another library',
  ProtocolToConsumerAdapter: 'a part of a protocol',
  SystemError: 'the error of a failed call',
  ServerSentEvent: 'text is accepted too; test/http/event-streams.test.ts has an unknown name',
  TextStyle: 'the look of characters: a value',
  TLSCertificateDetails: 'facts of an error',
  TLSFaultDetails: 'facts of an error',
};

const types = [...findOptionsTypes()].filter(([name]) => !(name in NOT_OPTIONS));

describe('options types of the public API', () => {
  it('all have a case here', () => {
    expect(Object.keys(CALLS).sort()).toEqual(types.map(([name]) => name).sort());
  });

  it.each(types)('%s: an unknown name is refused, with all that are known', async (name, known) => {
    for (const call of CALLS[name] ?? []) {
      const error = await unknownOptionOf(() => call({ nonsense: 1 } as never));
      expect(error.option).toBe('nonsense');
      expect(error.known).toEqual([...known].sort());
    }
  });

  it.each([
    ['LineReceiver', Lines],
    ['LineOnlyReceiver', OnlyLines],
    ['NetstringReceiver', Netstrings],
    ['Int16StringReceiver', Strings],
    ['StatefulProtocol', Blocks],
  ] as const)('are reported under the name of the class that took them: %s', (name, Receiver) => {
    const wrong = { nonsense: 1 } as never;
    expect(() => new Receiver(wrong)).toThrow(`${name} has no option 'nonsense'`);
  });

  it.each(types)('%s: anything but a plain object is refused', async (name) => {
    for (const call of CALLS[name] ?? []) {
      for (const options of [
        null,
        'options',
        [],
        new Map(),
        new URL('a:b'),
        new Given(),
        () => {},
      ]) {
        const outcome = (async () => await call(options as never))();
        await expect(outcome, String(options)).rejects.toThrow(InvalidArgumentTypeError);
      }
    }
  });
});
