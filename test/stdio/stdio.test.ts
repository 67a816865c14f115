/** Standard input and output as a transport: over pipes, files and sockets, of other descriptors than 0 and 1. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import {
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
  DescriptorError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  openStdio,
  StandardIOEndpoint,
  type StdioTransport,
  serverFromString,
  UnsupportedError,
} from '../../src/index.js';
import { command, runProgram } from '../support/child.js';
import { contract, type Rig } from '../support/contract.js';
import { type FIFO, openFIFO } from '../support/fifo.js';
import { needs } from '../support/platform.js';
import { HalfCloseRecorder, Recorder, type RecorderHooks, recorders } from '../support/recorder.js';
import { temporaryFolder } from '../support/unix.js';

const PROGRAM = new URL('programs/stdio.ts', import.meta.url);
const LARGE_BYTES = 300_000;

interface Opened<P extends Recorder = Recorder> {
  readonly protocol: P;
  readonly transport: StdioTransport;
  /** The test writes to `input`, and reads from `output`. */
  readonly input: FIFO;
  readonly output: FIFO;
}

function opened<P extends Recorder>(rig: Rig, protocol: P): Opened<P> {
  const [input, output] = [openFIFO(rig), openFIFO(rig)];
  const options = { stdin: input.give('read'), stdout: output.give('write') };
  const transport = openStdio(rig.reactor, () => protocol, options);
  if (transport === null) throw new Error('there is no transport');
  return { protocol, transport, input, output };
}

const plain = (rig: Rig, hooks?: RecorderHooks): Opened => opened(rig, new Recorder(hooks));

function readAvailable(fd: number): string {
  const memory = Buffer.alloc(65_536);
  try {
    return memory.toString('utf8', 0, readSync(fd, memory));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return '';
    throw error;
  }
}

async function readUntil(rig: Rig, fd: number, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    text += readAvailable(fd);
    await rig.turns(1);
  }
  return text;
}

contract('openStdio', (rig) => {
  beforeEach(() => needs('fifos'));

  it('receives the input and sends the output', async () => {
    const { protocol, transport, input, output } = plain(rig);
    expect(protocol.transport).toBe(transport);
    expect(transport.connected).toBe(true);
    expect(String(transport)).toBe('<standard input and output, open>');
    expect(String(transport.getPeer())).toBe('standard input and output');
    writeSync(input.write, 'question');
    await protocol.receive(8);
    protocol.call('write', 'answer');
    expect(await readUntil(rig, output.read, 6)).toBe('answer');
    protocol.call('loseConnection');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(transport.connected).toBe(false);
  });

  it('sends what was written when the input ends, and closes', async () => {
    const { protocol, input, output } = plain(rig);
    protocol.call('write', 'x'.repeat(LARGE_BYTES));
    input.close('write');
    if (rig.native) input.close('read');
    expect(await readUntil(rig, output.read, LARGE_BYTES)).toHaveLength(LARGE_BYTES);
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
  });

  it('leaves a protocol that can be half-closed its output', async () => {
    const { protocol, input, output } = opened(rig, new HalfCloseRecorder());
    input.close('write');
    await protocol.until(() => protocol.log.includes('readConnectionLost'), 'the end of the input');
    protocol.call('write', 'late');
    expect(await readUntil(rig, output.read, 4)).toBe('late');
    protocol.call('loseConnection');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
  });

  it('ends the output only by loseWriteConnection', async () => {
    const { protocol, input, output } = opened(rig, new HalfCloseRecorder());
    protocol.call('write', 'all');
    protocol.call('loseWriteConnection');
    await protocol.until(() => protocol.log.includes('writeConnectionLost'), 'the end');
    expect(await readUntil(rig, output.read, 3)).toBe('all');
    writeSync(input.write, 'still read');
    await protocol.receive(10);
    input.close('write');
    await protocol.until(() => protocol.reason !== undefined, 'both ends to be gone');
    expect(protocol.log.slice(-2)).toEqual(['readConnectionLost', 'connectionLost ConnectionDone']);
  });

  it('is lost when the reader of the output is gone', async () => {
    const { protocol, output } = plain(rig);
    output.close('read');
    protocol.call('write', 'nobody reads this');
    const reason = await protocol.lost();
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason.cause).toMatchObject({ code: 'EPIPE', syscall: 'write' });
  });

  it('reads on without an output if the protocol can be half-closed', async () => {
    const { protocol, input, output } = opened(rig, new HalfCloseRecorder());
    output.close('read');
    protocol.call('write', 'nobody reads this');
    await protocol.until(() => protocol.log.includes('writeConnectionLost'), 'the loss');
    writeSync(input.write, 'still read');
    await protocol.receive(10);
    protocol.call('loseConnection');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
  });

  it('pauses the input', async () => {
    const { protocol, input } = plain(rig);
    protocol.call('pauseProducing');
    writeSync(input.write, 'later');
    await rig.turns(3);
    expect(protocol.receivedBytes).toBe(0);
    protocol.call('resumeProducing');
    await protocol.receive(5);
  });

  it('pauses a producer', async () => {
    const { protocol, output } = plain(rig);
    const calls: string[] = [];
    const producer = {
      pauseProducing: () => void calls.push('pause'),
      resumeProducing: () => void calls.push('resume'),
      stopProducing: () => void calls.push('stop'),
    };
    protocol.call('registerProducer', producer, true);
    protocol.call('write', 'x'.repeat(LARGE_BYTES));
    expect(calls).toEqual(['pause']);
    expect(protocol.transport.bufferedBytes).toBeGreaterThan(0);
    await readUntil(rig, output.read, LARGE_BYTES);
    while (calls.length === 1) await rig.turns(1);
    expect(calls).toEqual(['pause', 'resume']);
    protocol.call('loseConnection');
    protocol.call('unregisterProducer');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
  });

  it('is aborted', async () => {
    const { protocol } = plain(rig);
    protocol.call('write', 'x'.repeat(LARGE_BYTES));
    protocol.call('abortConnection');
    expect(await protocol.lost()).toBeInstanceOf(ConnectionAborted);
  });

  it.each(['connectionMade', 'dataReceived'] as const)('ends with an error of %s', async (hook) => {
    const error = new Error('out of the protocol');
    const { protocol, input } = plain(rig, {
      [hook]() {
        throw error;
      },
    });
    if (hook === 'dataReceived') writeSync(input.write, 'x');
    expect(await protocol.lost()).toBe(error);
    expect(rig.takeReports()).toEqual([{ error, where: hook }]);
  });

  it('copies a file to a file', async () => {
    const folder = temporaryFolder(rig);
    const contents = Buffer.alloc(LARGE_BYTES, 'contents of a file; ');
    writeFileSync(join(folder, 'in'), contents);
    const stdin = openSync(join(folder, 'in'), 'r');
    const stdout = openSync(join(folder, 'out'), 'w');
    const protocol = new Recorder({ dataReceived: (data, self) => self.call('write', data) });
    openStdio(rig.reactor, () => protocol, { stdin, stdout });
    expect(await protocol.lost()).toBeInstanceOf(ConnectionDone);
    expect(readFileSync(join(folder, 'out')).equals(contents)).toBe(true);
    for (const fd of [stdin, stdout]) closeSync(fd);
  });

  it('refuses what it is not', async () => {
    const { input, output } = plain(rig);
    const open = (options: object) => openStdio(rig.reactor, recorders(), options);
    expect(() => open({ stdin: 1_000_000, stdout: output.write })).toThrow(DescriptorError);
    expect(() => open({ stdin: input.write, stdout: output.write })).toThrow(DescriptorError);
    expect(() => open({ stdin: input.read, stdout: output.read })).toThrow(DescriptorError);
    expect(() => open({ stdin: -1 })).toThrow(InvalidArgumentValueError);
    expect(() => open({ onResize: 1 })).toThrow(InvalidArgumentTypeError);
  });

  it('has no modes without a terminal', () => {
    const { transport } = plain(rig);
    expect(transport.isTerminal).toBe(false);
    expect(transport.getTerminalSize()).toBe(undefined);
    expect(() => transport.setRawMode(true)).toThrow(UnsupportedError);
    expect(() => transport.startTLS({} as never)).toThrow(UnsupportedError);
  });

  it('opens nothing if the factory has no protocol', () => {
    expect(openStdio(rig.reactor, () => null, { stdin: 1_000_000 })).toBe(null);
  });

  it('is an endpoint', async () => {
    const [input, output] = [openFIFO(rig), openFIFO(rig)];
    const options = { stdin: input.give('read'), stdout: output.give('write') };
    const endpoint = new StandardIOEndpoint(rig.reactor, options);
    const factory = recorders();
    const port = await endpoint.listen(factory);
    const protocol = await factory.protocol();
    expect(String(port.getHost())).toBe('standard input and output');
    await expect(endpoint.listen(recorders())).rejects.toMatchObject({
      code: 'ERR_ALREADY_LISTENED',
    });
    await port.stopListening();
    expect(port.listening).toBe(false);
    expect(factory.log.filter((event) => event !== 'buildProtocol')).toEqual([
      ...['doStart', 'startFactory', 'doStop', 'stopFactory'],
    ]);
    writeSync(input.write, 'after the port');
    await protocol.receive(14);
    expect(String(serverFromString(rig.reactor, 'stdio:'))).toMatch(/standard input and output/);
  });

  it('serves descriptors 0 and 1 of a process: pipes and files', async () => {
    const { name } = rig.maker;
    const folder = temporaryFolder(rig);
    writeFileSync(join(folder, 'in'), 'from a file\n');
    const before = `exec 0<${join(folder, 'in')}`;
    const file = await runProgram(PROGRAM, [name], { before });
    expect(file).toMatchObject({ code: 0, stdout: 'echo: from a file\nend\n', stderr: 'lost\n' });
    const empty = await runProgram(PROGRAM, [name]);
    expect(empty).toMatchObject({ code: 0, stdout: 'end\n', stderr: 'lost\n' });
  });

  it('serves a socket that is both, as inetd passes it', async () => {
    const shell = `exec socat EXEC:'${process.execPath} ${command(PROGRAM).join(' ')} ${rig.maker.name}' -`;
    const child = spawn('/bin/sh', ['-c', shell], { stdio: ['pipe', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.on('data', (data) => {
      text += data;
      if (text.includes('echo: hello')) child.stdin.end();
    });
    child.stdin.write('hello\n');
    await new Promise((resolve) => child.once('close', resolve));
    expect(text).toBe('echo: hello\nend\n');
  });
});
