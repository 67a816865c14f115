import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { Protocol } from '../../src/core/protocol.js';
import {
  TrafficLoggingFactory,
  type TrafficLoggingOptions,
} from '../../src/policies/traffic-logging.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { HalfCloseRecorder, Recorder } from '../support/recorder.js';
import { accept, checkRules, only, type Wired } from './wired.js';

interface Bench extends Wired {
  readonly lines: string[];
  readonly recorder: Recorder;
}

function bench(options: Partial<TrafficLoggingOptions> = {}, recorder = new Recorder()): Bench {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const factory = new TrafficLoggingFactory(only(recorder), { log, ...options });
  return { lines, recorder, ...accept(factory) };
}

describe('TrafficLoggingFactory', () => {
  checkRules();

  it('logs a connection from beginning to end', () => {
    const { lines, recorder, transport } = bench({}, new HalfCloseRecorder());
    transport.receive('ping\r\n');
    recorder.transport.write('pong');
    recorder.transport.writeSequence([Buffer.from('ä')]);
    transport.peerCloses();
    recorder.transport.loseConnection();
    transport.settle();
    expect(lines).toEqual([
      '#1 opened 192.0.2.2:40000',
      '#1 received 6 bytes',
      '#1   00000000  70 69 6e 67 0d 0a                                 |ping..|',
      '#1 sent 4 bytes',
      '#1   00000000  70 6f 6e 67                                       |pong|',
      '#1 sent 2 bytes',
      '#1   00000000  c3 a4                                             |..|',
      '#1 peer finished sending',
      '#1 closed ConnectionDone: the connection was closed cleanly; received 6 bytes, sent 6',
    ]);
    expect(transport.text).toBe('pongä');
  });

  it('numbers connections', () => {
    const lines: string[] = [];
    const log = (line: string): void => void lines.push(line);
    const factory = new TrafficLoggingFactory(Protocol, { log });
    accept(factory);
    accept(factory);
    expect(lines).toEqual(['#1 opened 192.0.2.2:40000', '#2 opened 192.0.2.2:40000']);
  });

  it('dumps 256 bytes of a packet by default', () => {
    const usual = bench();
    usual.transport.receive('x'.repeat(300));
    expect(usual.lines).toHaveLength(1 + 1 + 16 + 1);
    expect(usual.lines.at(-1)).toBe('#1   ... 44 bytes more');
    const short = bench({ maxDumpBytes: 20 });
    short.transport.receive('x'.repeat(20));
    expect(short.lines).toHaveLength(1 + 1 + 2);
    const sizes = bench({ maxDumpBytes: 0 });
    sizes.transport.receive('x');
    expect(sizes.lines.slice(1)).toEqual(['#1 received 1 bytes']);
  });

  it('dumps the result of redact, and passes on the original data', () => {
    const { lines, recorder, transport } = bench({
      redact: (_data, direction) => (direction === 'sent' ? null : Buffer.from('***')),
    });
    transport.receive('PASS secret');
    recorder.transport.write('PASS secret');
    expect(lines.slice(1)).toEqual([
      '#1 received 11 bytes',
      `#1   00000000  2a 2a 2a${' '.repeat(42)}|***|`,
      '#1 sent 11 bytes',
    ]);
    expect([recorder.text, transport.text]).toEqual(['PASS secret', 'PASS secret']);
  });

  it('logs no write that is refused', () => {
    const { lines, recorder } = bench();
    expect(() => recorder.transport.write(5 as never)).toThrow(InvalidArgumentTypeError);
    expect(lines).toHaveLength(1);
  });

  it('keeps a reason to one line', () => {
    const { lines, recorder, transport } = bench();
    recorder.hooks = {
      dataReceived() {
        throw new Error('first\n#9 opened');
      },
    };
    const errors = captureLoggedErrors();
    transport.receive('x');
    transport.settle();
    errors[Symbol.dispose]();
    expect(lines.at(-1)).toContain('closed Error: first #9 opened');
  });

  it.each([
    ['log', 'traffic log', 4],
    ['redact', 'redact', 1],
  ])('reports what %s throws and goes on', (option, where, times) => {
    using errors = captureLoggedErrors();
    const throws = (): never => {
      throw new Error('thrown');
    };
    const { recorder, transport } = bench({ [option]: throws });
    transport.receive('x');
    transport.peerCloses();
    expect(recorder.reason?.name).toBe('ConnectionDone');
    const reported = errors.flush();
    expect(new Set(reported.map((error) => error.where))).toEqual(new Set([where]));
    expect(reported).toHaveLength(times);
  });

  it('reports the rejection of an asynchronous log', async () => {
    using errors = captureLoggedErrors();
    const { transport } = bench({ log: () => Promise.reject(new Error('disk full')) });
    transport.receive('x');
    await new Promise(setImmediate);
    expect(transport.connected).toBe(true);
    expect(errors.flush()[0]).toMatchObject({ where: 'traffic log' });
  });

  it('reports invalid results of redact', () => {
    using errors = captureLoggedErrors();
    const { recorder, transport } = bench({ redact: () => 'secret' as never });
    transport.receive('x');
    expect(recorder.text).toBe('x');
    expect(errors.flush(InvalidArgumentTypeError)).toHaveLength(1);
  });

  it('refuses options of a wrong type or value', () => {
    const make = (options: object) => () =>
      new TrafficLoggingFactory(Protocol, { log() {}, ...options });
    expect(make({ log: undefined })).toThrow(InvalidArgumentTypeError);
    expect(make({ redact: true })).toThrow(InvalidArgumentTypeError);
    expect(make({ maxDumpBytes: -1 })).toThrow(InvalidArgumentValueError);
  });
});
