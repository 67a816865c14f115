import { describe, expect, it } from 'vitest';
import { DEMO_USAGE, parseDemoOptions } from '../../src/cli/demo-options.js';
import { UsageError } from '../../src/cli/usage-error.js';

describe('parseDemoOptions', () => {
  it('has a default for everything', () => {
    expect(parseDemoOptions([], {})).toEqual({
      help: false,
      interface: '127.0.0.1',
      port: 7007,
      chatPort: 7008,
      dashboardPort: 7009,
      reactor: 'auto',
      poller: 'auto',
      busyPollUs: 0,
      seconds: undefined,
      load: 0,
      workers: 0,
    });
  });

  it.each([
    [[], 'node', 'node'],
    [[], '', 'auto'],
    [['--reactor', 'auto'], 'node', 'auto'],
    [['--reactor', 'native'], 'fusion', 'native'],
  ])('with %j and ROPEWALK_REACTOR=%s the reactor is %s', (args, value, reactor) => {
    expect(parseDemoOptions(args, { ROPEWALK_REACTOR: value }).reactor).toBe(reactor);
  });

  it.each([
    [[], 'fusion', /^ROPEWALK_REACTOR is one of auto, native, node, not "fusion"$/],
    [['--poller', 'epoll'], 'node', /^--poller is for the native reactor only$/],
  ])('refuses %j with ROPEWALK_REACTOR=%s', (args, value, message) => {
    const parse = (): unknown => parseDemoOptions(args, { ROPEWALK_REACTOR: value });
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
  });

  it('reads every flag', () => {
    const args =
      '--port 1 --chat-port=2 --dashboard-port 5 --interface ::1 --reactor native --poller poll ' +
      '--busy-poll 50 --seconds 2.5 --load 300 --workers 2 --help';
    expect(parseDemoOptions(args.split(' '))).toEqual({
      help: true,
      interface: '::1',
      port: 1,
      chatPort: 2,
      dashboardPort: 5,
      reactor: 'native',
      poller: 'poll',
      busyPollUs: 50,
      seconds: 2.5,
      load: 300,
      workers: 2,
    });
  });

  it.each([
    ['8000', 8001],
    ['0', 0],
    ['65535', 0],
  ])('puts the chat behind echo port %s', (port, chatPort) => {
    expect(parseDemoOptions(['--port', port]).chatPort).toBe(chatPort);
  });

  it.each([
    [['--port', 'x'], /^--port takes a whole number from 0 to 65535, not "x"$/],
    [['--port', '65536'], /from 0 to 65535/],
    [['--port='], /^--port takes/],
    [['--port', '1e3'], /^--port takes/],
    [['--chat-port', '-1'], /chat-port/],
    [
      ['--port', '7010', '--chat-port', '7010'],
      /^--chat-port and --port must differ, but both are 7010$/,
    ],
    [['--chat-port', '7007'], /must differ, but both are 7007$/],
    [['--interface', ''], /^--interface takes an IP address, not ""; 0\.0\.0\.0 and :: are all$/],
    [
      ['--dashboard-port', '7007'],
      /^--dashboard-port must differ from the other ports, but is 7007$/,
    ],
    [['--dashboard-port', '7008'], /must differ/],
    [['--chat-port=-1'], /^--chat-port takes/],
    [['--busy-poll', '1000001'], /^--busy-poll takes/],
    [['--load', '10001'], /^--load takes a whole number from 0 to 10000/],
    [['--workers', '65'], /^--workers takes a whole number from 0 to 64, not "65"$/],
    [['--workers', '-1'], /workers/],
    [['--workers', 'two'], /^--workers takes/],
    [['--seconds', '0'], /^--seconds takes a number above 0/],
    [['--seconds', 'ten'], /^--seconds takes/],
    [['--reactor', 'fusion'], /^--reactor is one of auto, native, node, not "fusion"$/],
    [['--poller', 'select'], /^--poller is one of auto, epoll, kqueue, iocp, poll/],
    [['--reactor', 'node', '--poller', 'epoll'], /^--poller is for the native reactor only$/],
    [['--reactor', 'node', '--busy-poll', '5'], /^--busy-poll is for the native reactor only$/],
    [['--colour'], /^Unknown option '--colour'; `ropewalk demo --help` lists the options$/],
    [
      ['--wokers', '2'],
      /^Unknown option '--wokers', did you mean '--workers'\? `ropewalk demo --help`/,
    ],
    [['--load', '-5'], /^--load takes a whole number from 0 to 10000, not "-5"$/],
    [['--load'], /`ropewalk demo --help` lists the options$/],
    [['--port'], /--port/],
    [['extra'], /extra/],
  ])('refuses %j in one line', (args, message) => {
    const parse = (): unknown => parseDemoOptions(args);
    expect(parse).toThrow(UsageError);
    expect(parse).toThrow(message);
    expect(parse).toThrow(/^[^\n]+$/);
  });
});

describe('the dashboard', () => {
  it.each([
    [['--port', '100'], 102],
    [['--port', '65534'], 0],
    [['--port', '0'], 0],
    [['--no-dashboard'], undefined],
    [['--no-dashboard', '--dashboard-port', '5'], undefined],
  ])('with %j is on port %s', (args, port) => {
    expect(parseDemoOptions(args).dashboardPort).toBe(port);
  });
});

describe('DEMO_USAGE', () => {
  it('names every flag and fits 80 columns', () => {
    for (const flag of 'port chat-port dashboard-port no-dashboard interface reactor poller busy-poll load workers seconds'.split(
      ' ',
    )) {
      expect(DEMO_USAGE).toContain(`--${flag} `);
    }
    const widths = DEMO_USAGE.split('\n').map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
  });
});
