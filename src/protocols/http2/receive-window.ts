/** A flow-control window of this end (RFC 9113 section 5.2): the application's consumption opens it again. */

export class ReceiveWindow {
  private readonly bytes: number;
  private freeBytes: number;
  /** Consumed, and not announced. */
  private consumed = 0;

  /** @param bytes The content that may be in memory. */
  constructor(bytes: number) {
    this.bytes = bytes;
    this.freeBytes = bytes;
  }

  /** The bytes that the peer may send now. */
  get available(): number {
    return this.freeBytes;
  }

  receive(bytes: number): void {
    this.freeBytes -= bytes;
  }

  /**
   * @returns The increment to announce; 0 as long as it is less than half of the window, so that an update is worth its frame.
   */
  consume(bytes: number): number {
    this.consumed += bytes;
    const increment = this.consumed;
    if (increment * 2 < this.bytes) return 0;
    this.consumed = 0;
    this.freeBytes += increment;
    return increment;
  }
}
