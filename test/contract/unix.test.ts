/** UNIX streams on every reactor, with clients, processes, files and queues that are not the reactor's. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import {
  CannotListenError,
  ConnectError,
  ConnectionRefusedError,
  ConnectTimeoutError,
  type ListenUNIXOptions,
  type SocketTransport,
  type SystemError,
  UNIXAddress,
  UnsupportedError,
} from '../../src/index.js';
import { keepsAbstractNames } from '../../src/reactor/node/net-handle.js';
import { Child } from '../support/child.js';
import { contract, type Rig } from '../support/contract.js';
import { echo, quietMoment } from '../support/pairs.js';
import { LACKS, needs } from '../support/platform.js';
import { Recorder, RecordingFactory, recorders } from '../support/recorder.js';
import {
  Counter,
  connectsTo,
  FullListener,
  socketPath,
  temporaryFolder,
  unixPair,
} from '../support/unix.js';

const LOCKED = new URL('./programs/unix-locked.ts', import.meta.url);
const HAS_FILES = LACKS.socketFiles === undefined;

/** Other systems than Linux tell a file from a socket that nobody listens on. */
const NOT_A_SOCKET =
  process.platform === 'linux'
    ? { code: 'ECONNREFUSED', description: 'connection refused' }
    : { code: 'ENOTSOCK', description: 'socket operation on non-socket' };
const NOBODY = 65_534;

/** A folder with all that can be in the way of a socket. */
function obstacles(rig: Rig): string {
  const folder = temporaryFolder(rig);
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, 'file'), '');
  mkdirSync(join(folder, 'folder'));
  mkdirSync(join(folder, 'closed'), 0o000);
  symlinkSync('nowhere', join(folder, 'broken'));
  symlinkSync('circle', join(folder, 'circle'));
  return folder;
}

/** Root may write to every folder. */
function unprivileged<T>(call: () => T): T {
  if (process.geteuid?.() !== 0) return call();
  process.seteuid?.(NOBODY);
  try {
    return call();
  } finally {
    process.seteuid?.(0);
  }
}

function listenError(rig: Rig, path: string, options?: ListenUNIXOptions): CannotListenError {
  try {
    rig.reactor.listenUNIX(path, recorders(), options);
  } catch (error) {
    expect(error).toBeInstanceOf(CannotListenError);
    return error as CannotListenError;
  }
  throw new Error('listenUNIX did not throw');
}

/** Settles with the reason of the failure. */
async function connectFailure(
  rig: Rig,
  path: string,
  options: Parameters<typeof rig.reactor.connectUNIX>[2] = {},
): Promise<ConnectError> {
  const factory = recorders();
  rig.reactor.connectUNIX(path, factory, options);
  await factory.until('clientConnectionFailed');
  return factory.reasons[0] as ConnectError;
}

const codeOf = (error: Error): string | undefined => (error.cause as SystemError | undefined)?.code;

contract('listenUNIX', (rig) => {
  it('shows the descriptor of its socket', () => {
    needs('descriptors');
    const listening = rig.reactor.listenUNIX(socketPath(rig), recorders());
    expect(listening.fileno()).toBeGreaterThan(2);
  });

  it.each([0o000, 0o022, 0o077, 0o777])(
    'gives the file its mode whatever the umask: %i',
    (mask) => {
      needs('socketFiles');
      const umask = process.umask(mask);
      try {
        for (const mode of [undefined, 0o600, 0o660, 0o777]) {
          const path = socketPath(rig);
          rig.reactor.listenUNIX(path, recorders(), mode === undefined ? {} : { mode });
          expect(statSync(path).mode & 0o777, `${mode}`).toBe(mode ?? 0o666);
        }
        expect(process.umask()).toBe(mask);
      } finally {
        process.umask(umask);
      }
    },
  );

  it('accepts a path of maximum length', async () => {
    needs('socketFiles');
    const folder = temporaryFolder(rig);
    const path = join(folder, 'x'.repeat(102 - Buffer.byteLength(folder)));
    rig.reactor.listenUNIX(path, recorders());
    expect(await connectsTo(path)).toBe('connected');
  });

  it.each([
    ['a missing folder', 'none/socket', 'ENOENT', 'no such file or directory'],
    ['a missing folder for a slash at the end', 'none/', 'ENOENT', 'no such file or directory'],
    ['a folder behind a broken link', 'broken/socket', 'ENOENT', 'no such file or directory'],
    ['a broken link', 'broken', 'EADDRINUSE', 'address already in use'],
    ['a folder', 'folder', 'EADDRINUSE', 'address already in use'],
    ['a file in place of the folder', 'file/socket', 'ENOTDIR', 'not a directory'],
    ['a closed folder', 'closed/socket', 'EACCES', 'permission denied'],
    ['links in a circle', 'circle/socket', 'ELOOP', 'too many symbolic links encountered'],
  ])('throws the same error on every reactor for %s', (_what, name, code, description) => {
    needs('socketFiles');
    const path = join(obstacles(rig), name);
    const error = unprivileged(() => listenError(rig, path));
    expect(error.message).toContain(`cannot listen on ${path}: bind ${code}: ${description}`);
    expect(error.cause).toMatchObject({ code, syscall: 'bind', address: path });
    expect((error.cause as SystemError).errno).toBe(-constants.errno[code as 'ENOENT']);
  });

  it("leaves another socket's file alone when it stops, if the reactor can (native)", async () => {
    needs('socketFiles');
    const path = socketPath(rig);
    const listening = rig.reactor.listenUNIX(path, recorders());
    renameSync(path, `${path}.moved`);
    writeFileSync(path, 'not ours');
    await listening.stopListening();
    // libuv removes whatever has the name: docs/pure-js-reactor.md says so.
    expect(existsSync(path)).toBe(rig.native);
    if (rig.native) expect(readFileSync(path, 'utf8')).toBe('not ours');
  });

  it('accepts pending connections when it stops with drain', async () => {
    const path = socketPath(rig);
    const accepted = new Counter();
    const factory = new RecordingFactory(
      () => new Recorder({ connectionMade: () => accepted.add() }),
    );
    const listening = rig.reactor.listenUNIX(path, factory, { backlog: 64 });
    const sockets: Socket[] = [];
    // connect(2) of a UNIX socket is done before anybody accepts: all of them wait when this turn of the loop ends. Of those
    // who connect to a named pipe most wait in threads for an instance of it.
    for (let i = 0; i < 30; i++) sockets.push(createConnection({ path }).on('error', () => {}));
    await listening.stopListening({ drain: true });
    expect(accepted.count).toBe(30);
    if (HAS_FILES) expect(existsSync(path)).toBe(false);
    for (const socket of sockets) socket.destroy();
  });

  it('drains behind a lock file too', async () => {
    needs('socketFiles');
    const path = socketPath(rig);
    const accepted = new Counter();
    const factory = new RecordingFactory(
      () => new Recorder({ connectionMade: () => accepted.add() }),
    );
    const listening = rig.reactor.listenUNIX(path, factory, { wantPID: true });
    const socket = createConnection({ path }).on('error', () => {});
    await listening.stopListening({ drain: true });
    expect(accepted.count).toBe(1);
    expect(existsSync(`${path}.lock`)).toBe(false);
    socket.destroy();
  });

  it('listens at an abstract name, or says that it cannot', async () => {
    needs('abstractNames');
    const name = `\0ropewalk-test-${process.pid}`;
    const listen = (): unknown => rig.reactor.listenUNIX(name, new RecordingFactory(echo));
    if (!rig.native && !keepsAbstractNames()) {
      expect(listen).toThrow(UnsupportedError);
      return;
    }
    listen();
    const client = new Recorder();
    rig.reactor.connectUNIX(name, new RecordingFactory(() => client));
    await client.made();
    expect(client.transport.getPeer()).toEqual(new UNIXAddress(name));
    expect(String(client.transport.getPeer())).toBe(`@${name.slice(1)}`);
    client.transport.write('hi');
    await client.receive(2);
    expect(codeOf(listenError(rig, name))).toBe('EADDRINUSE');
    expect(readFileSync('/proc/net/unix', 'utf8')).toMatch(new RegExp(`@${name.slice(1)}$`, 'm'));
  });
});

contract('listenUNIX with wantPID', (rig) => {
  const lockOf = (path: string): string => `${path}.lock`;

  beforeEach(() => needs('socketFiles'));

  it('takes over from a process that died, whose socket it removes', async () => {
    needs('startTimes');
    const path = socketPath(rig);
    const child = rig.use(new Child(LOCKED, [rig.maker.name, path]));
    await child.printed(/listening/);
    const refused = listenError(rig, path, { wantPID: true });
    expect(refused).toMatchObject({ path });
    expect(await connectsTo(path), 'the living one').toBe('connected');

    child.process.kill('SIGKILL');
    await child.result();
    expect(lstatSync(path).isSocket(), 'left behind').toBe(true);
    expect(codeOf(listenError(rig, path)), 'without wantPID').toBe('EADDRINUSE');
    rig.reactor.listenUNIX(path, recorders(), { wantPID: true });
    expect(await connectsTo(path)).toBe('connected');
  });

  it('throws the error of the socket, not of the lock file, if there is no folder', () => {
    const path = join(obstacles(rig), 'none/socket');
    const error = listenError(rig, path, { wantPID: true });
    expect(error.message).toContain(`cannot listen on ${path}: bind ENOENT: there is no folder `);
    expect(error.message).not.toContain('.lock');
    expect(error.cause).toMatchObject({ code: 'ENOENT', syscall: 'bind', address: path });
  });

  it('is recognised by checkPID', async () => {
    needs('startTimes');
    const path = socketPath(rig);
    const child = rig.use(new Child(LOCKED, [rig.maker.name, path]));
    await child.printed(/listening/);
    const client = new Recorder();
    rig.reactor.connectUNIX(path, new RecordingFactory(() => client), { checkPID: true });
    await client.made();
    child.process.kill('SIGKILL');
    await child.result();
    const error = await connectFailure(rig, path, { checkPID: true });
    expect(error).toBeInstanceOf(ConnectionRefusedError);
  });

  it('removes only sockets', async () => {
    const path = socketPath(rig);
    const child = rig.use(new Child(LOCKED, [rig.maker.name, path]));
    await child.printed(/listening/);
    child.process.kill('SIGKILL');
    await child.result();
    unlinkSync(path);
    writeFileSync(path, 'precious');
    expect(codeOf(listenError(rig, path, { wantPID: true }))).toBe('EADDRINUSE');
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(lstatSync(lockOf(path), { throwIfNoEntry: false })).toBeUndefined();
  });
});

contract('connectUNIX', (rig) => {
  it('fails with ConnectionRefusedError if nothing listens any more', async () => {
    needs('socketFiles');
    const path = socketPath(rig);
    const listening = rig.reactor.listenUNIX(path, recorders());
    renameSync(path, `${path}.old`);
    await listening.stopListening();
    const error = await connectFailure(rig, `${path}.old`);
    expect(error).toBeInstanceOf(ConnectionRefusedError);
    expect(codeOf(error)).toBe('ECONNREFUSED');
  });

  it.each([
    ['nothing', 'none', ConnectionRefusedError, 'ENOENT', 'no such file or directory'],
    ['no folder', 'none/socket', ConnectionRefusedError, 'ENOENT', 'no such file or directory'],
    ['a file in place of the folder', 'file/socket', ConnectError, 'ENOTDIR', 'not a directory'],
    ['links in a circle', 'circle', ConnectError, 'ELOOP', 'too many symbolic links encountered'],
    ['a file', 'file', ConnectionRefusedError, NOT_A_SOCKET.code, NOT_A_SOCKET.description],
    ['a folder', 'folder', ConnectionRefusedError, NOT_A_SOCKET.code, NOT_A_SOCKET.description],
  ])(
    'fails with the same error on every reactor if there is %s',
    async (_what, name, ErrorClass, code, description) => {
      needs('socketFiles');
      const path = join(obstacles(rig), name);
      const error = await connectFailure(rig, path);
      expect(error).toBeInstanceOf(ErrorClass);
      expect(error.message).toBe(`cannot connect (${code}): ${path}`);
      expect(error.cause).toMatchObject({
        code,
        syscall: 'connect',
        address: path,
        message: `connect ${code}: ${description} ${path}`,
      });
      expect((error.cause as SystemError).errno).toBe(-constants.errno[code as 'ENOENT']);
    },
  );

  it('tries again while the queue is full, until it is accepted', async () => {
    needs('queues');
    const full = await FullListener.open(rig);
    const client = new Recorder();
    rig.reactor.connectUNIX(full.path, new RecordingFactory(() => client));
    await quietMoment(rig);
    expect(client.opened).toBe(false);
    full.letGo();
    await client.made();
  });

  it('gives up after timeoutMs while the queue is full', async () => {
    needs('queues');
    const { path } = await FullListener.open(rig);
    expect(await connectFailure(rig, path, { timeoutMs: 60 })).toBeInstanceOf(ConnectTimeoutError);
  });

  it('can be called off while the queue is full', async () => {
    needs('queues');
    const { path } = await FullListener.open(rig);
    const factory = recorders();
    const connector = rig.reactor.connectUNIX(path, factory);
    await quietMoment(rig);
    connector.stopConnecting();
    await factory.until('clientConnectionFailed');
    expect(factory.reasons[0]).toMatchObject({ code: 'ERR_CONNECTING_CANCELLED', path });
  });

  it('has a descriptor until it ends', async () => {
    needs('descriptors');
    const { client } = await unixPair(rig);
    const transport = client.transport as SocketTransport;
    expect(transport.fileno()).toBeGreaterThan(2);
    transport.loseConnection();
    await client.lost();
    expect(transport.fileno()).toBe(-1);
  });
});
