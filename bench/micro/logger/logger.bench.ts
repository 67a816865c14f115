// Calls of a logger whose level is off, and lines of JSON, against pino and JSON.stringify.
//
//     npx tsx bench/micro/logger/logger.bench.ts [--rounds N] [--quick]

import pino from 'pino';
import { jsonLinesObserver, Logger, LogPublisher } from '../../../src/logger/index.js';
import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

const CALLS = 10_000;

/** Counts lines and characters. */
class Sink {
  lines = 0;
  characters = 0;

  write(line: string): void {
    this.lines += 1;
    this.characters += line.length;
  }
}

interface Calls {
  text(): void;
  fields(i: number): void;
  message(i: number): void;
  nested(i: number): void;
  off(i: number): void;
}

const USER = { name: 'ann', id: 42, roles: ['reader', 'writer'] };
const HEADERS = { host: 'example.com', accept: 'text/html', 'user-agent': 'a browser/1.0' };

type MakeCalls = (sink: Sink) => Calls;

const ropewalk: MakeCalls = (sink) => {
  const publisher = new LogPublisher({ observers: [jsonLinesObserver(sink)] });
  const log = new Logger({ namespace: 'bench', publisher });
  return {
    text: () => log.info('a connection was made'),
    fields: (i) => log.info('request', { id: i, method: 'GET', path: '/index.html', ms: 1.5 }),
    message: (i) => log.info('{user} joined {room}', { user: 'ann', room: i }),
    nested: (i) => log.info('request', { id: i, user: USER, headers: HEADERS }),
    off: (i) => log.debug('request', { id: i, method: 'GET' }),
  };
};

const withPino: MakeCalls = (sink) => {
  const log = pino({ base: { namespace: 'bench' } }, sink);
  return {
    text: () => log.info('a connection was made'),
    fields: (i) => log.info({ id: i, method: 'GET', path: '/index.html', ms: 1.5 }, 'request'),
    message: (i) => log.info({ user: 'ann', room: i }, '%s joined %d', 'ann', i),
    nested: (i) => log.info({ id: i, user: USER, headers: HEADERS }, 'request'),
    off: (i) => log.debug({ id: i, method: 'GET' }, 'request'),
  };
};

const raw: MakeCalls = (sink) => {
  const line = (fields: object): void => {
    sink.write(
      `${JSON.stringify({ level: 30, time: Date.now(), namespace: 'bench', ...fields })}\n`,
    );
  };
  let enabled = false;
  return {
    text: () => line({ msg: 'a connection was made' }),
    fields: (i) => line({ id: i, method: 'GET', path: '/index.html', ms: 1.5, msg: 'request' }),
    message: (i) => line({ user: 'ann', room: i, msg: `ann joined ${i}` }),
    nested: (i) => line({ id: i, user: USER, headers: HEADERS, msg: 'request' }),
    off(i) {
      if (i < 0) enabled = true;
      if (enabled) line({ id: i, method: 'GET', msg: 'request' });
    },
  };
};

async function measure(makeCalls: MakeCalls, row: keyof Calls, effort: Effort): Promise<Figures> {
  const sink = new Sink();
  const calls = makeCalls(sink);
  const call = calls[row];
  const batch = (): number => {
    sink.lines = 0;
    for (let i = 0; i < CALLS; i++) call(i);
    return sink.lines;
  };
  const lines = row === 'off' ? 0 : CALLS;
  const check = (written: number): void => expectSame('lines', written, lines);
  return { '': await nsPerOperation(effort, CALLS, batch, check) };
}

const NAMES: Readonly<Record<keyof Calls, string>> = {
  text: 'text',
  fields: 'four fields',
  message: 'a message with two fields',
  nested: 'objects',
  off: 'level off',
};

export const bench: MicroBench = {
  title: 'Logging',
  workload:
    'Each call writes a line of JSON to a function that counts lines and characters, except `level off`, which writes nothing. `JSON.stringify` ' +
    'is written by hand and has no levels but a flag, no redaction, and no protection from values that JSON cannot hold.',
  unit: 'ns',
  cases: Object.entries(NAMES).map(([row, name]) => ({
    name,
    reference: 'pino',
    contenders: {
      ropewalk: (effort) => measure(ropewalk, row as keyof Calls, effort),
      pino: (effort) => measure(withPino, row as keyof Calls, effort),
      'JSON.stringify': (effort) => measure(raw, row as keyof Calls, effort),
    },
  })),
  bars: Object.values(NAMES)
    .filter((row) => row !== NAMES.off)
    .map((row) => ({ row, of: 'ropewalk', to: 'pino', sense: 'at most' as const, limit: 1.2 })),
};

await runAlone(import.meta.url, bench);
