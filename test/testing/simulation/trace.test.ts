import { describe, expect, it } from 'vitest';
import { InvalidArgumentValueError } from '../../../src/core/errors/arguments.js';
import { Simulation } from '../../../src/testing/simulation/simulation.js';
import { MAX_TRACE_LINES, Trace } from '../../../src/testing/simulation/trace.js';
import { runProgram } from '../../support/child.js';
import { connectedPair } from './pairs.js';
import { stormTrace } from './trace-program.js';

describe('a trace', () => {
  it('gives events with their times', () => {
    const { simulation, client } = connectedPair();
    client.transport.write('GET / HTTP/1.1\r\nHost: example.org\r\n\r\n');
    client.call('loseConnection');
    simulation.runSync();
    simulation.note('done');
    expect(String(simulation.trace).split('\n')).toEqual([
      '     0.000 ms  b -> a:80  connecting',
      '     1.000 ms  b:40001 -> a:80  connected',
      '     2.000 ms  b:40001 -> a:80  closes',
      '     3.000 ms  b:40001 -> a:80  data 37 B  "GET / HTTP/1.1\\r\\nHost: example.or"...',
      '     3.000 ms  b:40001 -> a:80  end of data',
      '     3.000 ms  b:40001 <- a:80  closes',
      '     4.000 ms  b:40001 <- a:80  end of data',
      '     4.000 ms  scenario  done',
    ]);
  });

  it('shows data in printable ASCII', () => {
    const { simulation, client } = connectedPair();
    client.transport.write(Buffer.from([0, 9, 10, 34, 92, 65, 127, 128, 255]));
    simulation.runSync();
    expect(simulation.trace.lines.at(-1)).toBe(
      String.raw`     3.000 ms  b:40001 -> a:80  data 9 B  "\x00\t\n\"\\A\x7f\x80\xff"`,
    );
  });

  it('is as detailed as requested', () => {
    const lengths = (['connections', 'data', 'all'] as const).map((trace) => {
      const { simulation, client } = connectedPair({ trace });
      client.transport.write('x');
      simulation.runSync();
      return simulation.trace.lines.length;
    });
    expect(lengths).toEqual([2, 3, 5]);
    expect(() => new Simulation({ trace: 'none' as never })).toThrow(InvalidArgumentValueError);
  });

  it('keeps a bounded number of lines, the last ones', () => {
    const trace = new Trace('data', () => 0);
    for (let i = 0; i < 2 * MAX_TRACE_LINES + 5; i++) trace.add('data', 'test', String(i));
    expect(trace.lines.length).toBeLessThan(2 * MAX_TRACE_LINES);
    expect(trace.length).toBe(2 * MAX_TRACE_LINES + 5);
    expect(trace.tail(1)).toBe(
      `(${2 * MAX_TRACE_LINES + 4} lines before)\n     0.000 ms  test  ${2 * MAX_TRACE_LINES + 4}`,
    );
  });
});

describe('the same seed', () => {
  it('gives the same trace, byte for byte', async () => {
    const trace = await stormTrace(42);
    expect(trace.split('\n').length).toBeGreaterThan(100);
    expect(await stormTrace(42)).toBe(trace);
    expect(await stormTrace(43)).not.toBe(trace);
  });

  it('gives the same trace in another process', async () => {
    const program = new URL('./trace-program.ts', import.meta.url);
    const { code, stdout, stderr } = await runProgram(program, ['42']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(await stormTrace(42));
  });
});
