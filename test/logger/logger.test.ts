/** Loggers, thresholds and the distribution of events. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  filterEvents,
  formatEvent,
  LimitedHistory,
  LogBeginner,
  type LogEvent,
  Logger,
  LogLevels,
  LogPublisher,
  textObserver,
} from '../../src/logger/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { eventOf, recorder } from './events.js';

let publisher: LogPublisher;
let events: LogEvent[];
let log: Logger;

beforeEach(() => {
  const seen = recorder();
  events = seen.events;
  publisher = new LogPublisher({ observers: [seen.observe] });
  log = new Logger({ namespace: 'chat.rooms', publisher, wallClock: () => 1234 });
});

const texts = (): string[] => events.map((event) => formatEvent(event));

describe('a logger', () => {
  it('makes events with time, level, namespace, format and fields', () => {
    log.info('{user} joined', { user: 'ann' });
    expect(events).toEqual([
      {
        time: 1234,
        level: 'info',
        namespace: 'chat.rooms',
        format: '{user} joined',
        fields: { user: 'ann' },
        error: undefined,
      },
    ]);
  });

  it('omits events below its threshold, which is info unless set', () => {
    for (const level of ['debug', 'info', 'warn', 'error', 'critical'] as const) log[level](level);
    expect(texts()).toEqual(['info', 'warn', 'error', 'critical']);
    expect(log.isEnabled('debug')).toBe(false);
  });

  it('keeps errors and fields that are passed in the order of other loggers', () => {
    const error = new TypeError('no {brace}');
    const untyped = log as unknown as { error(first: unknown, second?: unknown): void };
    untyped.error(error);
    untyped.error('while saving {file}', error);
    untyped.error(error, 'while saving');
    untyped.error({ room: 'a' }, 'in {room}');
    untyped.error({ room: 'a', password: 'hunter2' });
    untyped.error(undefined);
    expect(texts()).toEqual([
      'no {brace}',
      'while saving {file}',
      'while saving',
      'in a',
      '{"room":"a","password":"[redacted]"}',
      'undefined',
    ]);
    expect(events.map((event) => event.error)).toEqual([
      error,
      error,
      error,
      undefined,
      undefined,
      undefined,
    ]);
    expect(flushLoggedErrors(TypeError)).toHaveLength(3);
  });

  it('refuses a name instead of options, a sink that is a path, and a single observer', () => {
    expect(() => new Logger('chat' as never)).toThrow(
      'options of Logger must be a plain object, not "chat": { namespace } names the part of the program',
    );
    expect(() => textObserver('chat.log' as never)).toThrow(
      'sink must be an object with a method write, such as a LogFile or process.stdout, not "chat.log"',
    );
    const beginner = new LogBeginner(publisher);
    expect(() => beginner.beginLoggingTo((() => {}) as never)).toThrow(
      'observers must be an array of observers',
    );
    expect(beginner.began).toBe(false);
  });

  it('does not look at the fields of an omitted event', () => {
    const fields = {
      get user(): string {
        throw new Error('read');
      },
    };
    log.debug('{user}', fields);
    expect(events).toEqual([]);
  });

  it('follows changes of thresholds by namespace', () => {
    publisher.levels.set('chat', 'warn');
    log.info('no');
    publisher.levels.set('chat.rooms', 'debug');
    log.debug('yes');
    publisher.levels.set('chat.rooms', 'off');
    log.critical('no');
    publisher.levels.clear();
    log.info('again');
    expect(texts()).toEqual(['yes', 'again']);
  });

  it('has a threshold of its own if one is given', () => {
    const quiet = new Logger({ namespace: 'x', publisher, level: 'error' });
    publisher.levels.set('x', 'debug');
    quiet.warn('no');
    quiet.error('yes');
    expect(texts()).toEqual(['yes']);
  });

  it('adds its fields to each event', () => {
    const child = log.with({ user: 'ann', room: 'a' });
    child.info('', { room: 'b' });
    child.info('');
    expect(events.map(({ fields }) => fields)).toEqual([
      { user: 'ann', room: 'b' },
      { user: 'ann', room: 'a' },
    ]);
    expect(events[0]?.time).toBe(1234);
  });

  it('logs failures of any kind as errors', () => {
    const error = new Error('broken');
    log.failure('while {doing}', error, { doing: 'saving' });
    log.failure('odd', 'a text', {}, 'warn');
    expect(events[0]).toMatchObject({ level: 'critical', error });
    expect(events[1]).toMatchObject({ level: 'warn', error: { code: 'ERR_NOT_AN_ERROR' } });
    expect(flushLoggedErrors().map(({ where, about }) => [where, about])).toEqual([
      ['chat.rooms', 'while saving'],
      ['chat.rooms', 'odd'],
    ]);
  });

  it('handles failures of a function', () => {
    const broken = new Error('broken');
    expect(log.failuresHandled('', () => 5)).toEqual({ succeeded: true, value: 5 });
    const failed = log.failuresHandled(
      '{what} failed',
      () => {
        throw broken;
      },
      { what: 'it' },
    );
    expect(failed).toMatchObject({ succeeded: false, failure: { value: broken } });
    expect(texts()).toEqual(['it failed']);
    expect(flushLoggedErrors(Error)).toHaveLength(1);
  });

  it('works with an observer in place of a publisher', () => {
    const seen = recorder();
    new Logger({ namespace: 'x', observer: seen.observe }).warn('hello');
    expect(seen.events).toMatchObject([{ format: 'hello' }]);
  });
});

describe('thresholds', () => {
  it('apply to a namespace and those below it, the longest first', () => {
    const levels = new LogLevels('error', { a: 'warn', 'a.b': 'debug' });
    expect(['', 'a', 'a.c', 'a.b', 'a.b.c', 'ab', 'a.bc'].map((name) => levels.get(name))).toEqual([
      'error',
      'warn',
      'warn',
      'debug',
      'debug',
      'error',
      'warn',
    ]);
    levels.set('', 'critical');
    expect(levels.get('ab')).toBe('critical');
  });

  it('refuse unknown levels', () => {
    expect(() => new LogLevels('trace' as never)).toThrow(/one of debug, info/);
    expect(() => new Logger({ namespace: 'x', level: 'all' as never })).toThrow(/one of debug/);
    expect(() => log.emit('off' as never, '')).toThrow(/one of debug/);
  });
});

describe('a publisher', () => {
  it('reports the error of one observer to the others, and never to the caller', () => {
    const last = recorder();
    const error = new Error('broken observer');
    const broken = (): void => {
      throw error;
    };
    publisher.addObserver(broken);
    publisher.addObserver(last.observe);
    log.info('hello');
    const report = { level: 'critical', namespace: 'ropewalk.logger', error };
    expect(events).toMatchObject([{ format: 'hello' }, report]);
    expect(last.events).toMatchObject([report, { format: 'hello' }]);
    expect(texts()[1]).toBe('the log observer broken failed, 1 times so far');
  });

  it('reports the first, second, fourth and eighth of many errors', () => {
    publisher.addObserver(() => {
      throw new Error('broken');
    });
    for (let i = 0; i < 10; i++) log.info('x');
    expect(events.filter(({ error }) => error).map(({ fields }) => fields.count)).toEqual([
      1, 2, 4, 8,
    ]);
  });

  it('reports errors that no other observer can receive as errors of callbacks are', () => {
    const error = new Error('broken');
    const lonely = new LogPublisher({
      observers: [
        () => {
          throw error;
        },
      ],
    });
    lonely.publish(eventOf());
    expect(flushLoggedErrors()).toEqual([{ error, where: 'log observer' }]);
  });

  it('ends if all observers fail', () => {
    const broken = (): never => {
      throw new Error('a');
    };
    const worse = (): never => {
      throw new Error('b');
    };
    new LogPublisher({ observers: [broken, worse] }).publish(eventOf());
    expect(flushLoggedErrors().map(({ error }) => (error as Error).message)).toEqual(['b', 'a']);
  });

  it('reports rejections of asynchronous observers', async () => {
    const error = new Error('late');
    publisher.addObserver(async () => {
      throw error;
    });
    log.info('hello');
    await Promise.resolve();
    await Promise.resolve();
    expect(events[1]).toMatchObject({ error });
  });

  it('delivers events that observers log after the present one', () => {
    const order: string[] = [];
    const nested = new LogPublisher();
    const inner = new Logger({ namespace: 'x', publisher: nested });
    nested.addObserver(({ format }) => {
      if (format === 'outer') inner.info('inner');
    });
    nested.addObserver(({ format }) => order.push(format));
    inner.info('outer');
    expect(order).toEqual(['outer', 'inner']);
  });

  it('limits the events of an observer that logs each event', () => {
    const loop = new LogPublisher();
    let calls = 0;
    const inner = new Logger({ namespace: 'x', publisher: loop });
    loop.addObserver(() => {
      calls += 1;
      inner.info('again');
    });
    inner.info('first');
    inner.info('second');
    expect(calls).toBe(202);
    expect(loop.dropped).toBe(2);
    expect(flushLoggedErrors('ERR_LOG_LOOP')).toHaveLength(1);
  });

  it('lets observers be removed by observers', () => {
    const seen = recorder();
    const once = (): void => publisher.removeObserver(once);
    publisher.addObserver(once);
    publisher.addObserver(seen.observe);
    publisher.addObserver(seen.observe);
    log.info('a');
    log.info('b');
    expect(seen.events).toHaveLength(2);
    expect(publisher.observers).not.toContain(once);
  });
});

describe('filters', () => {
  it('pass events by threshold or predicate, and the others elsewhere', () => {
    const [high, low, odd] = [recorder(), recorder(), recorder()];
    const levels = new LogLevels('warn');
    publisher.addObserver(filterEvents(levels, high.observe, low.observe));
    publisher.addObserver(filterEvents(({ fields }) => fields.odd === true, odd.observe));
    log.info('a', { odd: true });
    log.error('b');
    expect(high.events).toMatchObject([{ format: 'b' }]);
    expect(low.events).toMatchObject([{ format: 'a' }]);
    expect(odd.events).toMatchObject([{ format: 'a' }]);
  });
});

describe('a limited history', () => {
  it('keeps the latest events in order', () => {
    const history = new LimitedHistory(3);
    const formats = (): string[] => history.events.map(({ format }) => format);
    for (const format of ['a', 'b']) history.observe(eventOf({ format }));
    expect(formats()).toEqual(['a', 'b']);
    for (const format of ['c', 'd', 'e', 'f', 'g']) history.observe(eventOf({ format }));
    expect(formats()).toEqual(['e', 'f', 'g']);
    history.clear();
    expect(formats()).toEqual([]);
  });
});

describe('the beginning of logging', () => {
  it('keeps early events for the observers and prints critical ones', () => {
    const early = new LogPublisher();
    let printed = '';
    const beginner = new LogBeginner(early, {
      bufferSize: 2,
      sink: { write: (t) => (printed += t) },
    });
    const logger = new Logger({ namespace: 'x', publisher: early });
    for (const text of ['lost', 'kept']) logger.info(text);
    logger.critical('printed\nlines');
    const seen = recorder();
    beginner.beginLoggingTo([seen.observe]);
    logger.critical('after');
    expect(seen.events.map(({ format }) => format)).toEqual(['kept', 'printed\nlines', 'after']);
    expect(printed).toBe('[x#critical] printed\n\tlines\n');
    const second = recorder();
    beginner.beginLoggingTo([second.observe]);
    expect(second.events).toEqual([]);
  });

  it('drops early events on request', () => {
    const early = new LogPublisher();
    const beginner = new LogBeginner(early);
    early.publish(eventOf());
    const seen = recorder();
    beginner.beginLoggingTo([seen.observe], { discardBuffer: true });
    expect(seen.events).toEqual([]);
    expect(beginner.began).toBe(true);
  });
});

afterEach(() => {
  events = [];
});
