/** The writing half of an HTTP connection: gathers short texts, and learns when a peer does not read. */
import type { PushProducer } from '../core/producer.js';
import { HIGH_WATER_MARK_BYTES, type Transport } from '../core/transport.js';
import { sendsFiles } from '../internal/sends-files.js';
import { MAX_UTF8_BYTES } from '../internal/utf8.js';

/** Flags of a connection. While it is parsing, texts are gathered: one long write costs less than many short ones. */
export const PARSING = 1;
export const WRITING_PAUSED = 2;
const PRODUCING = 4;
/** The first flag that subclasses may define. */
export const FIRST_FREE_FLAG = 8;

const MAX_GATHERED = 4_096;

/**
 * A producer is registered with the transport only while much is unsent, because it takes memory, and because a transport does not
 * close while it has one.
 */
export abstract class ConnectionWriter implements PushProducer {
  transport: Transport | undefined = undefined;
  protected flags = 0;
  /** While writing is paused: an upper limit of the unsent bytes if none is sent. */
  protected unsentBytes = 0;
  private gathered = '';
  /** Bytes that can be written before the high-water mark may be exceeded: counting unsent bytes is expensive. */
  private allowance = HIGH_WATER_MARK_BYTES;

  /** Whether more is unsent than a producer may add to. */
  get isFull(): boolean {
    return (this.flags & WRITING_PAUSED) !== 0;
  }

  /** The unsent bytes of the connection. Counting them is expensive. */
  get bufferedBytes(): number {
    return this.transport?.bufferedBytes ?? 0;
  }

  /** Texts are concatenations that V8 has not copied together yet: reading a character of one would make it do so now. */
  write(data: string | Uint8Array): void {
    if ((this.flags & PARSING) === 0) this.send(data);
    else if (typeof data === 'string' && this.gathered.length + data.length <= MAX_GATHERED) {
      this.gathered += data;
    } else {
      this.flush();
      this.send(data);
    }
  }

  /** {@link SendsFiles.sendFile}. */
  writeFile(fd: number, position: number, length: number): boolean {
    const transport = this.open;
    if (!sendsFiles(transport)) return false;
    this.flush();
    this.allowance -= length;
    if (this.allowance >= 0) return transport.sendFile(fd, position, length);
    this.regulate(transport, length);
    const isSent = transport.sendFile(fd, position, length);
    if ((this.flags & WRITING_PAUSED) === 0) this.stopRegulating();
    return isSent;
  }

  /** As a producer: too much is unsent. */
  pauseProducing(): void {
    this.flags |= WRITING_PAUSED;
    this.writingPaused();
  }

  /** As a producer: everything was sent. */
  resumeProducing(): void {
    this.stopRegulating();
    this.writingResumed();
  }

  stopProducing(): void {
    this.flags &= ~(WRITING_PAUSED | PRODUCING);
  }

  protected get open(): Transport {
    return this.transport as Transport;
  }

  protected abstract writingPaused(): void;
  protected abstract writingResumed(): void;

  /** Writes the gathered text. */
  protected flush(): void {
    const { gathered } = this;
    if (gathered === '') return;
    this.gathered = '';
    this.send(gathered);
  }

  protected stopRegulating(): void {
    if ((this.flags & PRODUCING) !== 0) this.open.unregisterProducer();
    this.flags &= ~(PRODUCING | WRITING_PAUSED);
    this.allowance = HIGH_WATER_MARK_BYTES - this.open.bufferedBytes;
  }

  /** @returns Whether some bytes were sent since this was called, or writing was paused. */
  protected hasProgressed(): boolean {
    const { bufferedBytes } = this.open;
    const before = this.unsentBytes;
    this.unsentBytes = bufferedBytes;
    return bufferedBytes < before;
  }

  protected send(data: string | Uint8Array): void {
    const transport = this.open;
    this.allowance -= typeof data === 'string' ? data.length * MAX_UTF8_BYTES : data.length;
    if (this.allowance >= 0) transport.write(data);
    else this.writeRegulated(transport, data);
  }

  private writeRegulated(transport: Transport, data: string | Uint8Array): void {
    this.regulate(transport, typeof data === 'string' ? Buffer.byteLength(data) : data.length);
    transport.write(data);
    if ((this.flags & WRITING_PAUSED) === 0) this.stopRegulating();
  }

  private regulate(transport: Transport, bytes: number): void {
    if ((this.flags & WRITING_PAUSED) !== 0) {
      this.unsentBytes += bytes;
    } else if ((this.flags & PRODUCING) === 0 && !transport.disconnecting) {
      this.flags |= PRODUCING;
      transport.registerProducer(this, true);
    }
  }
}
