/** The options of `ropewalk/memcache`. */
import {
  MemcacheClient,
  type MemcacheCommands,
  MemcacheConnection,
  MemcacheParser,
  MemcacheProtocol,
  memcacheCommands,
  memcacheText,
  TypedMemcache,
  versionRequest,
} from '../../src/protocols/memcache/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { and, type Call } from './option-calls.js';

const clock = new ManualClock();
const protocol = new MemcacheProtocol({ clock });
const endpoint = { connect: () => undefined as never };

function by(call: (commands: MemcacheCommands, options: never) => unknown): Call {
  return (options) => call(memcacheCommands(protocol), options);
}

function typed(call: (values: TypedMemcache<string>, options: never) => unknown): Call {
  return by((commands, options) => call(new TypedMemcache(commands, memcacheText()), options));
}

const CALLS: readonly Call[] = [
  (o) => protocol.execute(versionRequest(), o),
  by((c, o) => c.append('a', 'x', o)),
  by((c, o) => c.prepend('a', 'x', o)),
  by((c, o) => c.delete('a', o)),
  by((c, o) => c.increment('a', 1, o)),
  by((c, o) => c.decrement('a', 1, o)),
  by((c, o) => c.touch('a', {}, o)),
  by((c, o) => c.stats(undefined, o)),
  by((c, o) => c.version(o)),
  by((c, o) => c.verbosity(1, o)),
  by((c, o) => c.metaGet('a', [], o)),
  by((c, o) => c.metaSet('a', 'x', [], o)),
  by((c, o) => c.metaDelete('a', [], o)),
  by((c, o) => c.metaArithmetic('a', [], o)),
  by((c, o) => c.metaNoop(o)),
  by((c, o) => c.metaDebug('a', o)),
  typed((t, o) => t.get('a', o)),
  typed((t, o) => t.getWithCas('a', o)),
];

export const MEMCACHE_CALLS: Readonly<Record<string, readonly Call[]>> = {
  MemcacheLimits: [(o) => new MemcacheParser(o), (o) => new MemcacheConnection(o)],
  MemcacheProtocolOptions: [(o) => new MemcacheProtocol(and(o, { clock }))],
  MemcacheClientOptions: [(o) => new MemcacheClient(endpoint, and(o, { clock }))],
  MemcacheCallOptions: CALLS,
  MemcacheGetOptions: [by((c, o) => c.get('a', o)), by((c, o) => c.getAndTouch('a', {}, o))],
  MemcacheGetManyOptions: [by((c, o) => c.getMany(['a'], o))],
  MemcacheSetOptions: [
    by((c, o) => c.set('a', 'x', o)),
    by((c, o) => c.add('a', 'x', o)),
    by((c, o) => c.replace('a', 'x', o)),
    by((c, o) => c.compareAndSwap('a', 'x', '1', o)),
  ],
  MemcacheExpiry: [by((c, o) => c.getAndTouch('a', o)), by((c, o) => c.touch('a', o))],
  MemcacheFlushOptions: [by((c, o) => c.flushAll(o))],
  TypedGetManyOptions: [typed((t, o) => t.getMany(['a'], o))],
  TypedSetOptions: [
    typed((t, o) => t.set('a', 'x', o)),
    typed((t, o) => t.add('a', 'x', o)),
    typed((t, o) => t.replace('a', 'x', o)),
    typed((t, o) => t.compareAndSwap('a', 'x', '1', o)),
  ],
};
