/** `ropewalk run` as it is run: programs, their ends, and what they leave behind. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../examples/programs.js';
import { Child } from '../support/child.js';
import { Pulse } from '../support/deadline.js';
import { closedPort, RawPeer, RawServer } from '../support/raw-peer.js';
import { ECHO, MAIN, RunFolder, RunningProgram } from './run-program.js';

const POSIX = process.platform !== 'win32';
const IS_ROOT = process.getuid?.() === 0;

describe('ropewalk run', () => {
  it('explains itself within 80 columns', async () => {
    using folder = new RunFolder();
    const { code, stdout } = await folder.run(['--help']);
    expect(code).toBe(0);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it.each<[readonly string[], string]>([
    [[], 'run takes a FILE'],
    [['--werkers', '2', 'x.mjs'], "did you mean '--workers'?"],
    [['--workers', 'many', 'x.mjs'], '--workers takes a whole number from 0 to 1024, not "many"'],
    [['--umask', '8', 'x.mjs'], '--umask takes an octal number'],
    [['--drain', '-1', 'x.mjs'], '--drain takes a number of seconds'],
    [['--log', 'xml', 'x.mjs'], '--log is one of text, json, not "xml"'],
    [['--pid-file', '', 'x.mjs'], '--pid-file takes a path'],
    [['--uid', 'nobody-at-all', 'x.mjs'], POSIX ? 'no user "nobody-at-all"' : 'not available'],
    [['missing.mjs'], 'there is no file or service missing.mjs'],
    [['.'], '. is no file'],
  ])('refuses wrong arguments: %j', async (args, message) => {
    using folder = new RunFolder();
    const { code, stdout, stderr } = await folder.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^ropewalk: [^\n]*\n$/);
    expect(stderr).toContain(message);
  });

  it.each([
    ['has no default export', 2, 'export const service = 1;', 'has no default export'],
    ['exports a number', 2, 'export default 5;', 'cannot be run: export an Application'],
    ['returns nothing', 2, 'export default () => {};', 'does not return a service'],
    ['has a syntax error', 1, 'const a = 1;\nconst b = ;\n', 'program.mjs:2\nconst b = ;'],
    [
      'throws while it is loaded',
      1,
      'throw new Error("no settings");',
      'Error: no settings\n    at ',
    ],
    [
      'throws in its function',
      1,
      'export default () => { throw new Error("odd"); };',
      'Error: odd',
    ],
    [
      'refuses its arguments',
      2,
      'import { parseArgs } from "node:util"; export default () => parseArgs({ args: ["--prt"] });',
      "program.mjs are wrong: Unknown option '--prt'\n",
    ],
    [
      'throws at its start',
      1,
      'export default () => ({ startService() { throw new Error("no"); }, stopService() {} });',
      'Error: no',
    ],
    [
      'needs a module that is missing',
      1,
      'import "no-such-module";',
      "Cannot find package 'no-such-module'",
    ],
    ['imports a missing file', 1, 'import "./missing.mjs";', "missing.mjs' imported from "],
    [
      'requires a missing file',
      1,
      'import { createRequire } from "node:module"; createRequire(import.meta.url)("./missing.cjs");',
      "Cannot find module './missing.cjs'\nRequire stack:\n- ",
    ],
  ])('says what is wrong with a program that %s', async (_what, expected, text, message) => {
    using folder = new RunFolder();
    const { code, stderr } = await folder.run(['--pid-file', folder.pidFile, folder.write(text)]);
    expect({ code, stderr }).toEqual({ code: expected, stderr: expect.stringContaining(message) });
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('says that the pid file cannot be written', async () => {
    using folder = new RunFolder();
    const path = `${folder.pidFile}/absent/pid`;
    const { code, stderr } = await folder.run(['--pid-file', path, folder.write(ECHO)]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/^ropewalk: the pid file \S+ cannot be written: ENOENT: .*\n$/),
    });
  });

  it('says which port is taken, and stops what had started', async () => {
    using folder = new RunFolder();
    await using taken = await RawServer.listen();
    const args = ['--pid-file', folder.pidFile, folder.write(ECHO), String(taken.port)];
    const { code, stderr } = await folder.run(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^ropewalk: cannot start [^\n]*EADDRINUSE[^\n]*\n$/);
    expect(folder.names).toEqual(['program.mjs']);
  });

  it('says in a line why workers cannot start', async () => {
    using folder = new RunFolder();
    await using taken = await RawServer.listen();
    const program = folder.write(ECHO);
    const port = await folder.run(['--workers', '2', program, String(taken.port)]);
    expect(port.code).toBe(1);
    expect(port.stderr).toMatch(/^ropewalk: cannot start [^\n]*EADDRINUSE[^\n]*\n$/);
    const refused = folder.write(
      'import { parseArgs } from "node:util"; export default () => parseArgs({ args: ["--prt"] });',
      'refusing.mjs',
    );
    const wrong = await folder.run(['--workers', '2', refused]);
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toMatch(/^ropewalk: the arguments of [^\n]* '--prt'\n$/);
  });

  it('needs a function for workers', async () => {
    using folder = new RunFolder();
    const file = folder.write('export default { startService() {}, stopService() {} };');
    const { code, stderr } = await folder.run(['--workers', '2', file]);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining('--workers needs'),
    });
  });

  it('ends with 0 if the program stops itself, whatever timers it has', async () => {
    using folder = new RunFolder();
    const file = folder.write(`
      setInterval(() => {}, 1000);
      export default (reactor) => ({
        startService() { reactor.callLater(1, () => reactor.stop()); },
        stopService() {},
      });
    `);
    expect(await folder.run([file])).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  it('ends as the signal would have ended it if the program handles it too', async () => {
    using folder = new RunFolder();
    const file = folder.write(`
      setInterval(() => {}, 1000);
      export default (reactor) => ({
        startService() { process.on('SIGTERM', () => {}); },
        stopService() {},
      });
    `);
    await using program = await RunningProgram.start([file]);
    program.process.kill('SIGTERM');
    const { code, signal } = await program.result();
    expect([code, signal]).toEqual(POSIX ? [143, null] : [1, null]);
  });
});

describe.runIf(POSIX).each(KINDS)('ropewalk run on the %s reactor', (kind) => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'drains at %s and ends with its status',
    async (signal) => {
      using folder = new RunFolder();
      const args = ['--reactor', kind, '--pid-file', folder.pidFile, folder.write(ECHO)];
      await using program = await RunningProgram.start(args);
      expect(program.stdout).toContain(`${kind} reactor`);
      expect(readFileSync(folder.pidFile, 'utf8')).toBe(`${program.process.pid}\n`);
      expect(await program.ask('hello')).toBe('hello');
      program.process.kill(signal);
      const result = await program.result();
      expect(result).toMatchObject({ code: null, signal, stderr: '' });
      expect(result.stdout).toContain(`${signal}: draining for up to 10000 ms`);
      expect(folder.names).toEqual(['program.mjs']);
    },
  );
});

describe.runIf(POSIX)('the pid file of ropewalk run', () => {
  it('is refused while its process is running, and kept', async () => {
    using folder = new RunFolder();
    const file = folder.write(ECHO);
    await using program = await RunningProgram.start(['--pid-file', folder.pidFile, file]);
    const { code, stderr } = await folder.run(['--pid-file', folder.pidFile, file]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `ropewalk: process ${program.pid} of ${folder.pidFile} is running\n`,
    });
    expect(readFileSync(folder.pidFile, 'utf8')).toBe(`${program.pid}\n`);
  });

  it.each(['of a process that is gone', 'of a number that is used again', 'empty'])(
    'is replaced if it is stale: %s',
    async (kind) => {
      using folder = new RunFolder();
      const gone = new Child(MAIN, ['version']);
      await gone.result();
      // This process began after the file was written.
      const pid = kind.startsWith('of a number') ? process.pid : gone.process.pid;
      writeFileSync(folder.pidFile, kind === 'empty' ? '' : `${pid}\n`);
      utimesSync(folder.pidFile, 1_000_000, 1_000_000);
      const args = ['--pid-file', folder.pidFile, folder.write(ECHO)];
      await using program = await RunningProgram.start(args);
      expect(readFileSync(folder.pidFile, 'utf8')).toBe(`${program.pid}\n`);
      expect(folder.names).toEqual(['pid', 'program.mjs']);
    },
  );

  it.each([
    ['a folder', 'it is not a regular file'],
    ['a FIFO', 'it is not a regular file'],
    ['another file', 'it has other contents than a number'],
    ['a link to another file', 'it has other contents than a number'],
    ['a link to itself', 'ELOOP'],
  ])('is refused, and the place kept, if it is %s', async (what, why) => {
    using folder = new RunFolder();
    const { pidFile } = folder;
    writeFileSync(folder.file('other'), 'user=alice\n');
    if (what === 'a folder') mkdirSync(pidFile);
    else if (what === 'a FIFO') execFileSync('mkfifo', [pidFile]);
    else if (what === 'another file') writeFileSync(pidFile, 'user=alice\n');
    else symlinkSync(what === 'a link to itself' ? 'pid' : 'other', pidFile);
    const before = lstatSync(pidFile).ino;
    const { code, stderr } = await folder.run(['--pid-file', pidFile, folder.write(ECHO)]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(
        new RegExp(
          `^ropewalk: ${pidFile} is not a pid file, and is kept: [^\\n]*${why}[^\\n]*\\n$`,
        ),
      ),
    ]);
    expect(lstatSync(pidFile).ino).toBe(before);
    expect(readFileSync(folder.file('other'), 'utf8')).toBe('user=alice\n');
    expect(folder.names).toEqual(['other', 'pid', 'program.mjs']);
  });

  it.each(['a missing file', 'a stale pid file'])(
    'is written in place of a link to %s, which is not written through',
    async (what) => {
      using folder = new RunFolder();
      const target = folder.file('target');
      if (what === 'a stale pid file') writeFileSync(target, '');
      symlinkSync('target', folder.pidFile);
      const args = ['--pid-file', folder.pidFile, folder.write(ECHO)];
      await using program = await RunningProgram.start(args);
      expect(lstatSync(folder.pidFile).isSymbolicLink()).toBe(false);
      expect(readFileSync(folder.pidFile, 'utf8')).toBe(`${program.pid}\n`);
      expect(folder.has('target')).toBe(what === 'a stale pid file');
    },
  );

  it('is left alone at the end if it belongs to another process by then', async () => {
    using folder = new RunFolder();
    const args = ['--pid-file', folder.pidFile, folder.write(ECHO)];
    await using program = await RunningProgram.start(args);
    writeFileSync(folder.pidFile, '1\n');
    program.process.kill('SIGTERM');
    await program.result();
    expect(readFileSync(folder.pidFile, 'utf8')).toBe('1\n');
  });

  it('is removed if the program throws later', async () => {
    using folder = new RunFolder();
    const file = folder.write(`
      export default () => ({
        startService() { setTimeout(() => { throw new Error('later'); }, 1); },
        stopService() {},
      });
    `);
    const { code, stderr } = await folder.run(['--pid-file', folder.pidFile, file]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('Error: later') });
    expect(folder.names).toEqual(['program.mjs']);
  });
});

describe.runIf(POSIX)('ropewalk run', () => {
  it('logs as JSON to a file that SIGHUP opens again', async () => {
    using folder = new RunFolder();
    const logFile = folder.file('log');
    const args = ['--log', 'json', '--log-file', logFile, folder.write(ECHO)];
    const read = (): Record<string, unknown>[] => {
      const text = folder.has('log') ? readFileSync(logFile, 'utf8') : '';
      return text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line));
    };
    const pulse = new Pulse();
    const watcher = watch(folder.path, () => pulse.notify());
    const until = (condition: () => boolean): Promise<void> =>
      pulse.until(condition, () => `the log; it has ${JSON.stringify(read())}`);
    await using program = new Child(MAIN, ['run', ...args]);
    await until(() => read().length === 1);
    expect(read()).toMatchObject([{ level: 30, namespace: 'ropewalk.run', name: 'echo' }]);
    renameSync(logFile, folder.file('log.1'));
    program.process.kill('SIGHUP');
    await until(() => folder.has('log') && read().length > 0);
    expect(read()).toMatchObject([{ msg: 'reloaded' }]);
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM', stdout: '', stderr: '' });
    watcher.close();
  });

  it('says that a reload failed', async () => {
    using folder = new RunFolder();
    const file = folder.write(`
      export default () => ({
        startService() {},
        stopService() {},
        reloadService() { throw new Error('no settings'); },
      });
    `);
    await using program = new Child(MAIN, ['run', file]);
    await program.printed(/started/);
    program.process.kill('SIGHUP');
    await program.printed(/#error\] the reload failed, the program continues/);
    program.process.kill('SIGTERM');
    const { signal, stdout } = await program.result();
    expect(signal).toBe('SIGTERM');
    expect(stdout).toContain('Error: no settings');
    expect(stdout).not.toContain('reloaded');
  });

  it.runIf(IS_ROOT)(
    'changes the user after the ports are open, without groups of root',
    async () => {
      using folder = new RunFolder();
      const file = folder.write(`
      const ids = () => [process.getuid(), process.getgid(), process.getgroups(), process.umask()];
      export default () => ({
        privilegedStartService() { console.log('privileged', JSON.stringify(ids())); },
        startService() { console.log('start', JSON.stringify(ids())); },
        stopService() {},
      });
    `);
      const args = ['--uid', 'nobody', '--gid', '65533', '--umask', '027', file];
      await using program = await RunningProgram.start(args);
      const [, privileged] = /privileged (.*)/.exec(program.stdout) ?? [];
      const [, start] = /start (.*)/.exec(program.stdout) ?? [];
      expect(JSON.parse(privileged ?? '')).toMatchObject([0, 0, {}, 0o27]);
      expect(JSON.parse(start ?? '')).toEqual([65_534, 65_533, [65_533], 0o27]);
    },
  );

  it('finishes connections within the time of --drain, and then aborts them', async () => {
    using folder = new RunFolder();
    const { href } = new URL('../../dist/application/index.js', import.meta.url);
    const file = folder.write(`
      import { serviceFromString } from '${href}';
      const echo = () => ({ dataReceived(data, transport) { transport.write(data); } });
      export default (reactor) => serviceFromString(reactor, 'tcp:0:interface=127.0.0.1', echo);
    `);
    await using program = await RunningProgram.start(['--drain', '600', file]);
    const peers = [await RawPeer.connect(program.port), await RawPeer.connect(program.port)];
    for (const peer of peers) {
      peer.write('hello');
      await peer.receive(5);
    }
    const [first, second] = peers as [RawPeer, RawPeer];
    program.process.kill('SIGTERM');
    await program.printed(/SIGTERM: draining for up to 600000 ms/);
    second.write('drain');
    await second.receive(10);
    await first[Symbol.asyncDispose]();
    second.write('still');
    await second.receive(15);
    const refused = connect(program.port, '127.0.0.1');
    await new Promise((resolve) => refused.on('error', resolve));
    program.process.kill('SIGTERM');
    const { signal, stdout } = await program.result();
    await second.until(() => second.closed, 'the connection to be aborted');
    expect(signal).toBe('SIGTERM');
    expect(stdout).toContain('1 connections finished, 1 aborted');
  });
});

/** A program with a UNIX socket whose stop does not end. It prints `stopping` and, when its drain is cut, `cut`. */
function hanging(folder: RunFolder): string {
  const { href } = new URL('../../dist/application/index.js', import.meta.url);
  return folder.write(`
    import { MultiService, serviceFromString } from '${href}';
    export default (reactor, [path]) => {
      const both = new MultiService();
      const protocol = () => ({ dataReceived() {} });
      both.addService(serviceFromString(reactor, 'unix:' + path, protocol));
      both.addService({
        startService() {},
        stopService(drain) {
          drain.signal.addEventListener('abort', () => console.log('cut'));
          console.log('stopping');
          return new Promise(() => {});
        },
      });
      return both;
    };
  `);
}

describe.runIf(POSIX)('a third signal', () => {
  it('ends a program whose stop does not end, and leaves nothing behind', async () => {
    using folder = new RunFolder();
    const args = ['--pid-file', folder.pidFile, '--drain', '600', hanging(folder)];
    await using program = await RunningProgram.start([...args, folder.file('socket')]);
    for (const seen of [/stopping\n/, /cut\n/]) {
      program.process.kill('SIGTERM');
      await program.printed(seen);
      expect(folder.has('pid')).toBe(true);
    }
    program.process.kill('SIGTERM');
    const { signal, stdout } = await program.result();
    expect(signal).toBe('SIGTERM');
    expect(stdout).toContain('SIGTERM: ended before the services had stopped');
    expect(folder.names).toEqual(['program.mjs']);
  });
});

const CAN_ISOLATE =
  process.platform === 'linux' && IS_ROOT && spawnSync('unshare', ['-pf', 'true']).status === 0;
if (!CAN_ISOLATE) console.warn('skipped: no namespace of processes can be made here');

describe.skipIf(!CAN_ISOLATE)('the first process of a container', () => {
  const before = 'exec unshare --pid --fork "$@"';
  const end = (program: Child): void => {
    const { pid } = program.process;
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
    process.kill(Number(child), 'SIGTERM');
  };

  it('ends by a signal while it is loaded', async () => {
    using folder = new RunFolder();
    const text = 'console.log("loading"); await new Promise((f) => setTimeout(f, 60_000));';
    await using program = new Child(MAIN, ['run', folder.write(text)], { before });
    await program.printed(/loading/);
    end(program);
    expect((await program.result()).code).toBe(143);
  });

  it('ends by a third signal', async () => {
    using folder = new RunFolder();
    const args = ['run', '--drain', '600', hanging(folder), folder.file('socket')];
    await using program = new Child(MAIN, args, { before });
    await program.printed(/started, process 1[,;]/);
    for (const seen of [/stopping\n/, /cut\n/]) {
      end(program);
      await program.printed(seen);
    }
    end(program);
    expect((await program.result()).code).toBe(143);
    expect(folder.names).toEqual(['program.mjs']);
  });
});

describe.runIf(process.platform === 'linux')('ropewalk run with a log file on a full disk', () => {
  it('says so on standard error, serves, and ends', async () => {
    using folder = new RunFolder();
    const port = await closedPort();
    const args = ['run', '--log-file', '/dev/full', folder.write(ECHO), String(port)];
    await using program = new Child(MAIN, args);
    await program.pulse.until(
      () => program.stderr.includes('/dev/full'),
      () => `the error; it printed ${program.stdout}${program.stderr}`,
      15_000,
    );
    await using peer = await RawPeer.connect(port);
    peer.write('hello');
    expect(String(await peer.receive(5))).toBe('hello');
    await peer[Symbol.asyncDispose]();
    program.process.kill('SIGTERM');
    expect(await program.result()).toMatchObject({ signal: 'SIGTERM' });
  });
});
