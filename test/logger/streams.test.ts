/** Captured streams, reported errors as events, captures for tests, and pino. */
import pino from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { reportError } from '../../src/internal/error-report.js';
import { captureStream } from '../../src/logger/captured-streams.js';
import {
  captureStreams,
  formatEvent,
  type LogEvent,
  Logger,
  LogPublisher,
  logReportedErrors,
  type PinoLogger,
  pinoDestination,
  pinoObserver,
  textObserver,
} from '../../src/logger/index.js';
import { captureLogs, flushLoggedErrors } from '../../src/testing/index.js';
import { recorder } from './events.js';

let publisher: LogPublisher;
let events: LogEvent[];

beforeEach(() => {
  const seen = recorder();
  events = seen.events;
  publisher = new LogPublisher({ observers: [seen.observe] });
});

const texts = (): string[] => events.map((event) => formatEvent(event));

describe('a captured stream', () => {
  function capture(): {
    stream: { write: NodeJS.WriteStream['write'] };
    restore: () => void;
    written: string[];
  } {
    const written: string[] = [];
    const stream = {
      write: ((text: string) => written.push(text) > 0) as NodeJS.WriteStream['write'],
    };
    const logger = new Logger({ namespace: 'stdout', publisher });
    return { stream, restore: captureStream(stream, logger, 'info'), written };
  }

  it('makes an event of each line, whatever the pieces', () => {
    const { stream, restore, written } = capture();
    const bytes = Buffer.from('é\r\nlast');
    for (const piece of ['one\ntw', 'o\n', bytes.subarray(0, 1), bytes.subarray(1)])
      stream.write(piece);
    stream.write('68656c6c6f', 'hex');
    expect(texts()).toEqual(['one', 'two', 'é']);
    restore();
    expect(texts()).toEqual(['one', 'two', 'é', 'lasthello']);
    stream.write('out');
    expect(written).toEqual(['out']);
  });

  it('calls the callback of a write', async () => {
    const { stream, restore } = capture();
    await new Promise<void>((resolve) => stream.write('a\n', () => resolve()));
    await new Promise<void>((resolve) => stream.write('b\n', 'utf8', () => resolve()));
    restore();
    expect(texts()).toEqual(['a', 'b']);
  });

  it('lets observers print to it', () => {
    const { stream, restore, written } = capture();
    publisher.addObserver(() => stream.write('observed\n'));
    stream.write('one\n');
    restore();
    expect(written).toEqual(['observed\n']);
  });

  it('splits lines without an end', () => {
    const { stream, restore } = capture();
    stream.write('x'.repeat(150_000));
    restore();
    expect(events.map(({ fields }) => String(fields.line).length)).toEqual([
      65_536, 65_536, 18_928,
    ]);
  });

  it('is process.stdout with console, and observers bypass it', () => {
    const written: string[] = [];
    const before = process.stdout.write;
    process.stdout.write = ((text: string) => written.push(text) > 0) as never;
    try {
      publisher.addObserver(textObserver(process.stdout, { includeTime: false, colors: false }));
      {
        using _capture = captureStreams({ publisher, stdoutLevel: 'warn' });
        process.stdout.write('printed\n');
        new Logger({ namespace: 'app', publisher }).info('logged');
      }
      process.stdout.write('after\n');
    } finally {
      process.stdout.write = before;
    }
    expect(written).toEqual(['[stdout#warn] printed\n', '[app#info] logged\n', 'after\n']);
    expect(texts()).toEqual(['printed', 'logged']);
  });
});

describe('reported errors', () => {
  it('become events', () => {
    const error = new Error('broken');
    {
      using _bridge = logReportedErrors({ publisher, wallClock: () => 5 });
      reportError(error, 'dataReceived', undefined, 'GET /');
    }
    reportError(error, 'later');
    expect(flushLoggedErrors()).toHaveLength(2);
    expect(events).toMatchObject([
      { time: 5, level: 'critical', namespace: 'ropewalk', error, fields: { about: 'GET /' } },
    ]);
    expect(texts()).toEqual(['dataReceived, GET /: broken']);
  });

  it('of observers do not come back to them', () => {
    let calls = 0;
    const broken = new LogPublisher({
      observers: [
        () => {
          calls += 1;
          throw new Error('broken');
        },
      ],
    });
    using _bridge = logReportedErrors({ publisher: broken });
    new Logger({ namespace: 'x', publisher: broken }).info('hello');
    expect(calls).toBe(1);
    expect(flushLoggedErrors()).toHaveLength(1);
  });
});

describe('captured logs', () => {
  it('are the events of all loggers and reported errors', () => {
    using logs = captureLogs();
    using chat = captureLogs({ namespace: 'chat' });
    new Logger({ namespace: 'chat.rooms', publisher }).info('{a}', { a: 1 });
    new Logger({ namespace: 'chatter', publisher, level: 'warn' }).info('omitted');
    new Logger({ namespace: 'chatter', publisher: new LogPublisher() }).warn('b');
    reportError(new Error('broken'), 'callLater');
    expect(logs.messages).toEqual(['1', 'b', 'callLater: broken']);
    expect(chat.flush().map(({ namespace }) => namespace)).toEqual(['chat.rooms']);
    expect(chat.events).toEqual([]);
    expect(flushLoggedErrors()).toHaveLength(1);
  });
});

describe('pino', () => {
  it('logs our events with their fields and errors, and without secrets', () => {
    const lines: string[] = [];
    const logger = pino({ level: 'debug', base: null }, { write: (line) => void lines.push(line) });
    const ours = new LogPublisher({ observers: [pinoObserver(logger as unknown as PinoLogger)] });
    const log = new Logger({ namespace: 'chat', publisher: ours });
    log.info('{user} joined', { user: 'ann', password: 'hunter2', big: 1n });
    const error = Object.assign(new TypeError('broken'), { token: 'hunter2' });
    log.failure('while {doing}', error, { doing: 'saving' });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        level: 30,
        msg: 'ann joined',
        namespace: 'chat',
        user: 'ann',
        password: '[redacted]',
        big: '1',
      },
      {
        level: 60,
        msg: 'while saving',
        err: { type: 'TypeError', message: 'broken', token: '[redacted]' },
      },
    ]);
    flushLoggedErrors();
  });

  it('sends its events to our observers', () => {
    const logger = pino({ name: 'library' }, pinoDestination({ publisher }));
    logger.warn({ user: 'ann', err: new Error('broken') }, 'joined {room}');
    logger.debug('omitted');
    expect(events).toMatchObject([
      {
        level: 'warn',
        namespace: 'library',
        fields: { user: 'ann' },
        error: { message: 'broken' },
      },
    ]);
    expect(texts()).toEqual(['joined {room}']);
    expect(events[0]?.time).toBeGreaterThan(1_600_000_000_000);
  });
});
