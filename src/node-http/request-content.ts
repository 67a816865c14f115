/** The content of a request, passed to the stream that a program reads. */
import type { ContentReader } from '../http/content-reader.js';
import { givenCopyOf } from '../internal/lent-bytes.js';

/** The stream. */
export interface ContentTarget {
  /** @returns Whether it wants more. */
  push(data: Buffer | null): boolean;
  contentEnded(): void;
}

export class RequestContent implements ContentReader {
  wants = true;
  isLeft = false;
  private readonly target: ContentTarget;

  constructor(target: ContentTarget) {
    this.target = target;
  }

  received(data: Buffer): void {
    this.wants = this.target.push(givenCopyOf(data));
  }

  ended(): void {
    this.target.contentEnded();
  }

  /** Requests learn the end of the connection from their exchange. */
  failed(): void {
    this.isLeft = true;
  }
}
