/** Logs that other programs write and read: Twisted, pino-pretty, rsyslog. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createReactor } from '../../src/index.js';
import {
  eventsFromJsonLines,
  formatEvent,
  jsonLinesObserver,
  type LogEvent,
  Logger,
  type LogObserver,
  LogPublisher,
  Syslog,
} from '../../src/logger/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { command } from '../support/child.js';
import { Pulse } from '../support/deadline.js';
import { hasProgram, PeerProgram, TWISTED_PYTHON } from '../support/peers.js';

const RSYSLOG = hasProgram('rsyslogd');
if (!RSYSLOG) console.warn('skipped: there is no rsyslogd here');
if (TWISTED_PYTHON === undefined) console.warn('skipped: there is no Python with Twisted here');

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-log-'));
  path = join(folder, 'log');
});

afterEach(() => rmSync(folder, { recursive: true }));

const loggerOf = (observer: LogObserver): Logger =>
  new Logger({
    namespace: 'chat.rooms',
    publisher: new LogPublisher({ observers: [observer] }),
    wallClock: () => 1_700_000_000_500,
  });

function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    input,
    encoding: 'utf8',
    timeout: 30_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

describe.skipIf(TWISTED_PYTHON === undefined)('Twisted', () => {
  const program = fileURLToPath(new URL('programs/twisted_log.py', import.meta.url));
  const twisted = (how: string): string => run(TWISTED_PYTHON ?? '', [program, how, path]);

  it.each([true, false])('reads our events, with record separators: %s', (recordSeparator) => {
    let text = '';
    const sink = { write: (more: string) => (text += more) };
    const log = loggerOf(jsonLinesObserver(sink, { dialect: 'twisted', recordSeparator }));
    log.info('{user} joined {room!r} and {room!r}', { user: 'ann', room: 'a{b}' });
    log.warn('{ratio:.1%} of {{all}}, {peer.port}, {missing}', { ratio: 0.5, peer: { port: 80 } });
    log.error('no { format');
    log.failure('while {doing}', new RangeError('broken'), {
      doing: 'saving',
      password: 'hunter2',
    });
    writeFileSync(path, text);
    expect(twisted('read').trimEnd().split('\n')).toEqual([
      'info chat.rooms 1700000000.5 ann joined "a{b}" and "a{b}"',
      'warn chat.rooms 1700000000.5 50.0% of {all}, 80, {missing}',
      'error chat.rooms 1700000000.5 no { format',
      'critical chat.rooms 1700000000.5 while saving RangeError broken',
    ]);
    expect(text).not.toContain('hunter2');
    flushLoggedErrors(RangeError);
  });

  it('writes events that we read', async () => {
    twisted('write');
    const events: LogEvent[] = [];
    for await (const event of eventsFromJsonLines([readFileSync(path)])) events.push(event);
    expect(
      events.map((event) => `${event.level} ${event.namespace} ${formatEvent(event)}`),
    ).toEqual([
      "info chat.rooms ann joined 'a{b}' and 'a{b}'",
      'warn chat.rooms 5 wait, called',
      'critical chat.rooms while saving',
    ]);
    expect(Math.abs(Date.now() - (events[0]?.time ?? 0))).toBeLessThan(600_000);
    expect(events[0]?.fields).toMatchObject({ user: 'ann' });
    expect(events[2]?.error).toMatchObject({ name: 'ValueError' });
  });
});

describe('pino-pretty', () => {
  it('shows our lines', () => {
    let text = '';
    const log = loggerOf(jsonLinesObserver({ write: (more) => (text += more) }));
    log.info('{user} joined', { user: 'ann' });
    log.failure('while {doing}', new RangeError('broken', { cause: new Error('why') }), {
      doing: 'saving',
    });
    const bin = fileURLToPath(new URL('../../node_modules/pino-pretty/bin.js', import.meta.url));
    const shown = run(
      process.execPath,
      [bin, '--no-colorize', '--translateTime', 'UTC:HH:MM:ss'],
      text,
    );
    expect(shown).toMatch(/^\[22:13:20\] INFO: ann joined\n {4}namespace: "chat.rooms"\n/);
    expect(shown).toMatch(/\[22:13:20\] FATAL: while saving\n/);
    expect(shown).toMatch(
      /err: \{[\s\S]*"type": "RangeError"[\s\S]*"message": "broken"[\s\S]*RangeError: broken\n +at /,
    );
    flushLoggedErrors(RangeError);
  });
});

describe.skipIf(!RSYSLOG)('rsyslog', () => {
  it('receives our messages by UDP, TCP and a UNIX socket', async ({ skip }) => {
    await using reactor = createReactor();
    if (reactor.kind !== 'native') skip('UNIX datagrams are native only');
    // Ports that were free a moment ago.
    const [udp, tcp] = [reactor.listenUDP(0, {}), reactor.listenTCP(0, () => null)];
    const ports = { udp: udp.getHost().port, tcp: tcp.getHost().port };
    await Promise.all([udp.stopListening(), tcp.stopListening()]);
    const socket = join(folder, 'dev-log');
    const output = join(folder, 'output');
    const template = '%pri% %hostname% %app-name% %procid% %msgid% %structured-data%%msg%\\n';
    writeFileSync(
      path,
      `global(workDirectory="${folder}")
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
module(load="imtcp")
input(type="imuxsock" Socket="${socket}" CreatePath="on")
input(type="imudp" address="127.0.0.1" port="${ports.udp}")
input(type="imtcp" address="127.0.0.1" port="${ports.tcp}")
template(name="t" type="string" string="${template}")
action(type="omfile" file="${output}" template="t")
`,
    );
    await using daemon = new PeerProgram('rsyslogd', ['-n', '-f', path, '-i', join(folder, 'pid')]);
    const pulse = new Pulse();
    const until = (condition: () => boolean, what: string): Promise<void> =>
      pulse.until(
        () => {
          reactor.callLater(20, () => pulse.notify());
          return condition();
        },
        what,
        15_000,
      );
    await until(() => existsSync(socket) && daemon.running, 'rsyslogd to start');
    const lines = (): string => (existsSync(output) ? readFileSync(output, 'utf8') : '');
    const options = { appName: 'chat', hostname: 'h', enterpriseNumber: 32473 };
    for (const destination of [
      `udp:127.0.0.1:${ports.udp}`,
      `tcp:127.0.0.1:${ports.tcp}`,
      socket,
    ]) {
      using syslog = new Syslog(reactor, { ...options, destination });
      const log = loggerOf(syslog.observe);
      const kind = destination.slice(0, 3);
      // UDP may come before the daemon receives.
      await until(() => {
        log.warn(`${kind} {user}`, { user: 'änn\nb"]' });
        return lines().includes(`${kind} `);
      }, `a message by ${kind}`);
    }
    const shown = [...new Set(lines().split('\n'))];
    const pid = process.pid;
    expect(shown[0]).toBe(
      `12 h chat ${pid} chat.rooms [fields@32473 user="änn\\\\nb\\"\\]"]udp änn\\nb"]`,
    );
    expect(shown[1]).toBe(shown[0]?.replace('udp', 'tcp'));
    expect(shown[2]).toMatch(new RegExp(`^12 \\S+ chat ${pid} - - .* änn\\\\nb"]$`));
  });
});

/** In a file system of its own, so that it is not the journal of this machine. Needs root. */
const JOURNAL = `mount -t tmpfs none /run && mkdir -p /run/systemd/journal /run/log || exit 77
/lib/systemd/systemd-journald & journald=$!
for i in $(seq 200); do [ -S /run/systemd/journal/socket ] && break; sleep 0.05; done
"$@"; status=$?
for i in $(seq 200); do
  journalctl -D /run/log/journal -t ropewalk-test -o json --output-fields=MESSAGE,PRIORITY,NAMESPACE,USER,PASSWORD,BIG,ERROR_STACK > "$OUTPUT"
  [ "$(wc -l < "$OUTPUT")" = 2 ] && break; sleep 0.05
done
kill $journald; wait $journald
exit $status`;

const canRunJournal =
  existsSync('/lib/systemd/systemd-journald') &&
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/run']).status === 0;
if (!canRunJournal) console.warn('skipped: systemd-journald cannot be run here');

describe.skipIf(!canRunJournal)('the journal of systemd', () => {
  it('receives our events with their fields', () => {
    const program = command(new URL('programs/journal-log.ts', import.meta.url));
    const args = ['-m', 'sh', '-c', JOURNAL, 'sh', process.execPath, ...program];
    const { status, stderr } = spawnSync('unshare', args, {
      env: { ...process.env, NODE_OPTIONS: '', OUTPUT: path },
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        MESSAGE: 'ann\\nPRIORITY=0 joined',
        PRIORITY: '6',
        NAMESPACE: 'chat',
        USER: 'ann\nPRIORITY=0',
        PASSWORD: '[redacted]',
      },
      {
        MESSAGE: 'broken',
        PRIORITY: '2',
        ERROR_STACK: expect.stringMatching(/^Error: bad\n +at /),
      },
    ]);
  });
});
