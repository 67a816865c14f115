import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IPv4Address } from '../../src/core/address.js';
import {
  ConnectionAborted,
  ConnectionDone,
  ConnectionLost,
} from '../../src/core/errors/connection.js';
import { UnsupportedError } from '../../src/core/errors/reactor.js';
import { FileSender } from '../../src/framing/file-sender.js';
import { LineReceiver } from '../../src/framing/line-receiver.js';
import { AccumulatingProtocol } from '../../src/testing/accumulating-protocol.js';
import { FileWrapper, type WritableFile } from '../../src/testing/file-wrapper.js';
import { within } from '../support/deadline.js';

/** A file in memory that takes everything at once. */
class Taking implements WritableFile {
  readonly log: string[] = [];

  write(data: Buffer): void {
    this.log.push(data.toString());
  }

  end(): void {
    this.log.push('end');
  }
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe('FileWrapper', () => {
  it('writes to its file in the call, and closes it in a later turn', async () => {
    const file = new Taking();
    class Greeter extends LineReceiver {
      override connectionMade(): void {
        this.sendLine('hello');
        this.transport.writeSequence(['a', Buffer.from('b')]);
        this.transport.loseConnection();
      }
      override lineReceived(): void {}
    }
    const wrapper = new FileWrapper(file);
    wrapper.connect(new Greeter());
    expect(file.log).toEqual(['hello', '\r\n', 'a', 'b']);
    await turn();
    expect(file.log.at(-1)).toBe('end');
    expect(wrapper.connected).toBe(false);
    wrapper.write('too late');
    expect(() => wrapper.write(7 as never)).toThrow(TypeError);
    expect(file.log.at(-1)).toBe('end');
  });

  it('tells its protocol of the end once', async () => {
    const protocol = new FileWrapper(new Taking()).connect(new AccumulatingProtocol());
    protocol.transport.loseConnection();
    expect(protocol.closedReason).toBeUndefined();
    expect(await within(protocol.onConnectionLost, 'the end')).toBeInstanceOf(ConnectionDone);
    const aborted = new FileWrapper(new Taking()).connect(new AccumulatingProtocol());
    aborted.transport.abortConnection();
    expect(await within(aborted.onConnectionLost, 'the end')).toBeInstanceOf(ConnectionAborted);
  });

  it('has the addresses that it is given, and none of a socket’s options', () => {
    const peer = new IPv4Address('TCP', '192.0.2.1', 80);
    const wrapper = new FileWrapper(new Taking(), { peer });
    expect(wrapper.getPeer()).toBe(peer);
    expect(wrapper.getHost()).toMatchObject({ path: 'file' });
    for (const call of [
      () => wrapper.getTcpNoDelay(),
      () => wrapper.setTcpNoDelay(true),
      () => wrapper.getTcpKeepAlive(),
      () => wrapper.setTcpKeepAlive(true),
      () => wrapper.fileno(),
    ]) {
      expect(call).toThrow(UnsupportedError);
    }
  });

  it('pauses and resumes producers as a stream does that is full', async () => {
    const written: number[] = [];
    let go: () => void = () => {};
    const slow = new Writable({
      highWaterMark: 10,
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.byteLength);
        go = done;
      },
    });
    const wrapper = new FileWrapper(slow);
    const log: string[] = [];
    wrapper.connect(new AccumulatingProtocol());
    wrapper.registerProducer(
      {
        pauseProducing: () => log.push('pause'),
        resumeProducing: () => log.push(`resume ${wrapper.bufferedBytes}`),
        stopProducing: () => log.push('stop'),
      },
      true,
    );
    wrapper.write('x');
    expect(wrapper.bufferedBytes).toBe(0);
    wrapper.write(Buffer.alloc(70_000));
    expect([log, wrapper.bufferedBytes]).toEqual([['pause'], 70_000]);
    go();
    await turn();
    go();
    await turn();
    await turn();
    expect(log).toEqual(['pause', 'resume 0']);
    wrapper.loseConnection();
    await turn();
    expect(wrapper.connected).toBe(true);
    wrapper.unregisterProducer();
    await turn();
    expect([wrapper.connected, slow.writableEnded]).toEqual([false, true]);
    expect(written).toEqual([1, 70_000]);
  });

  it('copies a file into another', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'copy');
    const stream = createWriteStream(path);
    const wrapper = new FileWrapper(stream);
    const protocol = wrapper.connect(new AccumulatingProtocol());
    const source = new URL(import.meta.url);
    await within(new FileSender({ chunkBytes: 100 }).beginFileTransfer(source, wrapper), 'a copy');
    const closed = new Promise<void>((resolve) => stream.on('close', () => resolve()));
    protocol.transport.loseConnection();
    await within(closed, 'the file to be closed');
    expect(readFileSync(path, 'utf8')).toBe(readFileSync(source, 'utf8'));
  });

  it('is lost if the file fails, or throws', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(new Error('disk full')),
    });
    const protocol = new FileWrapper(stream).connect(new AccumulatingProtocol());
    protocol.transport.write('x');
    const reason = await within(protocol.onConnectionLost, 'the end');
    expect(reason).toBeInstanceOf(ConnectionLost);
    expect(reason.message).toContain('disk full');
    class Throwing extends Taking {
      override write(): void {
        throw 'no error' as unknown;
      }
    }
    const thrown = new FileWrapper(new Throwing()).connect(new AccumulatingProtocol());
    thrown.transport.write('x');
    expect((await within(thrown.onConnectionLost, 'the end')).message).toContain('no error');
    const destroyed = new Writable({ write: (_chunk, _encoding, done) => done() });
    const gone = new FileWrapper(destroyed).connect(new AccumulatingProtocol());
    destroyed.destroy();
    expect(await within(gone.onConnectionLost, 'the end')).toBeInstanceOf(ConnectionDone);
  });

  it('destroys what can be destroyed where it is aborted', async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
    const protocol = new FileWrapper(stream).connect(new AccumulatingProtocol());
    protocol.transport.abortConnection();
    await within(protocol.onConnectionLost, 'the end');
    expect([stream.destroyed, stream.writableEnded]).toEqual([true, false]);
  });

  it('ends the sending side of a protocol that can be half-closed', async () => {
    const log: string[] = [];
    class Half extends AccumulatingProtocol {
      writeConnectionLost(): void {
        log.push('write');
      }
    }
    const protocol = new FileWrapper(new Taking()).connect(new Half());
    protocol.transport.loseWriteConnection();
    await turn();
    protocol.transport.write('dropped');
    expect([log, protocol.transport.connected]).toEqual([['write'], true]);
  });

  it('reports errors of its protocol to reportError', async () => {
    const errors: unknown[] = [];
    class Thrower extends AccumulatingProtocol {
      override connectionMade(): void {
        throw new Error('of connectionMade');
      }
    }
    const wrapper = new FileWrapper(new Taking(), { reportError: (error) => errors.push(error) });
    const protocol = wrapper.connect(new Thrower());
    await within(protocol.onConnectionLost, 'the end');
    expect(errors).toMatchObject([{ message: 'of connectionMade' }]);
  });

  it('refuses an invalid file', () => {
    expect(() => new FileWrapper(undefined as never)).toThrow(TypeError);
    expect(() => new FileWrapper({ write() {} } as never)).toThrow(TypeError);
    expect(() => new FileWrapper(new Taking(), { peers: 1 } as never)).toThrow(TypeError);
  });
});
