/** The content of a request on its way to a server. */
import type { ContentReader, ContentSource } from '../http/content-reader.js';
import type { HTTPRequest } from '../http/http-request.js';

/** Receives the content. */
export interface ContentTarget {
  /** @param data Lent. @returns Whether the server keeps up. */
  contentReceived(data: Buffer): boolean;
  contentEnded(): void;
  contentFailed(error: unknown): void;
}

/** One exists for each request with content, so private fields are TypeScript's. */
export class RequestContent implements ContentReader {
  wants = true;
  isLeft = false;
  private readonly target: ContentTarget;
  private source: ContentSource | undefined = undefined;
  private isComplete = false;

  constructor(target: ContentTarget) {
    this.target = target;
  }

  read(request: HTTPRequest): void {
    this.source = request.readWith(this);
  }

  resume(): void {
    if (this.wants) return;
    this.wants = true;
    this.source?.resumeContent();
  }

  /** The rest is dropped. */
  leave(): void {
    if (this.isComplete || this.isLeft) return;
    this.isLeft = true;
    this.source?.resumeContent();
  }

  received(data: Buffer): void {
    if (!this.target.contentReceived(data)) this.wants = false;
  }

  ended(): void {
    this.isComplete = true;
    if (!this.isLeft) this.target.contentEnded();
  }

  failed(error: unknown): void {
    this.isComplete = true;
    if (!this.isLeft) this.target.contentFailed(error);
  }
}
