/** A response whose content is compressed if the client accepts that and it is worth it. */
import type { Deferred } from '../defer/deferred.js';
import { checkData } from '../internal/check.js';
import type { ContentCoding } from './accept-encoding.js';
import { addVary, type CompressionPolicy } from './compression-policy.js';
import { compressWhole } from './compressor.js';
import { type CompressedContent, ContentCompressor } from './content-compressor.js';
import { weakened } from './entity-tags.js';
import type { HTTPRequest } from './http-request.js';
import { HTTPResponse, OBJECTS_HINT } from './http-response.js';
import type { ResponseConnection } from './response-connection.js';
import { responseComplete } from './response-fields.js';

/** Content of at most this length is compressed as a whole, and then has a Content-Length. */
const MAX_WHOLE_BYTES = 262_144;
/** Smaller pieces are copied, as transports do. */
const LARGE_BYTES = 16_384;

export class CompressedResponse extends HTTPResponse implements CompressedContent {
  private readonly policy: CompressionPolicy;
  /** While the content is compressed piece by piece. */
  private compressor: ContentCompressor | undefined = undefined;
  /** The handler has passed all content, and some of it is still being compressed. */
  private isCompleting = false;

  constructor(connection: ResponseConnection, request: HTTPRequest, policy: CompressionPolicy) {
    super(connection, request);
    this.policy = policy;
  }

  override get isAnswered(): boolean {
    return this.isCompleting || super.isAnswered;
  }

  override get headSent(): boolean {
    return this.isCompleting || super.headSent;
  }

  override send(content: string | Uint8Array = ''): void {
    if (this.state === 'gone') return;
    this.requireHead();
    checkData(content, 'content', OBJECTS_HINT);
    if (this.trailerLines !== undefined) {
      this.end(content);
      return;
    }
    const length = typeof content === 'string' ? Buffer.byteLength(content) : content.length;
    if (this.code === 304) this.describeKnown();
    // The content that a HEAD omits may be announced.
    const coding = this.choose(
      this.request.method === 'HEAD' ? (this.announcedLength ?? length) : length,
    );
    if (coding === undefined) super.send(content);
    else if (this.omitsContent) {
      super.write('');
      super.end();
    } else if (length <= MAX_WHOLE_BYTES) this.sendCompressed(Buffer.from(content), coding);
    else {
      this.begin(coding);
      this.end(content);
    }
  }

  override write(data: string | Uint8Array): boolean {
    checkData(data);
    if (this.isCompleting) throw responseComplete();
    if (this.compressor === undefined && this.state === 'head') {
      const coding = this.choose(this.announcedLength);
      if (coding !== undefined && !this.omitsContent) this.begin(coding);
    }
    if (this.compressor === undefined) return super.write(data);
    if (this.state === 'gone') return false;
    const bytes = typeof data === 'string' || data.length < LARGE_BYTES ? Buffer.from(data) : data;
    return this.compressor.write(asBuffer(bytes));
  }

  override writeFile(fd: number, position: number, length: number): boolean | undefined {
    if (this.state === 'head') this.write('');
    return this.compressor === undefined ? super.writeFile(fd, position, length) : undefined;
  }

  override drained(): Deferred<void> {
    if (this.compressor === undefined || this.state === 'gone') return super.drained();
    return this.compressor.drained();
  }

  override end(data?: string | Uint8Array): void {
    if (this.state === 'gone') return;
    if (this.isCompleting) throw responseComplete();
    const isWhole = this.state === 'head' && this.trailerLines === undefined;
    if (data !== undefined && !isWhole) this.write(data);
    if (this.compressor === undefined) super.end(isWhole ? data : undefined);
    else {
      this.isCompleting = true;
      this.compressor.end();
    }
  }

  override sendError(status: number, field?: readonly [name: string, value: string]): void {
    this.compressor?.stop(undefined);
    this.compressor = undefined;
    super.sendError(status, field);
  }

  override lose(reason: unknown): void {
    super.lose(reason);
    this.compressor?.stop(reason);
  }

  compressed(data: Buffer): boolean {
    return super.write(data);
  }

  taken(): Deferred<void> {
    return super.drained();
  }

  compressionEnded(): void {
    if (this.state === 'gone') return;
    this.isCompleting = false;
    super.end();
  }

  compressionFailed(): void {
    this.abort();
  }

  private get omitsContent(): boolean {
    return this.request.method === 'HEAD' || this.conditionalStatus !== this.code;
  }

  /** Sets the fields that depend on the choice. Undefined: the content is sent as it is. */
  private choose(length: number | undefined): ContentCoding | undefined {
    const [contentType] = this.fields('content-type');
    const [contentEncoding] = this.fields('content-encoding');
    const [contentRange] = this.fields('content-range');
    const cacheControl = joined(this.fields('cache-control'));
    const facts = { status: this.code, contentType, length, contentEncoding, contentRange };
    const accepted = this.request.field('accept-encoding');
    const { coding, vary } = this.policy.choose(accepted, { ...facts, cacheControl });
    if (vary) this.setField('Vary', addVary(joined(this.fields('vary')), 'Accept-Encoding'));
    // If-Match requires a strong tag, which only the uncompressed content has.
    if (coding === undefined || this.request.has('if-match')) return undefined;
    this.setField('Content-Encoding', coding);
    this.removeField('Content-Length');
    this.removeField('Accept-Ranges');
    this.weakenTag();
    return coding;
  }

  /** A handler answers with 304: whether the known content was compressed is not known, so its tag must not be a strong one. */
  private describeKnown(): void {
    this.setField('Vary', addVary(joined(this.fields('vary')), 'Accept-Encoding'));
    if (this.request.has('accept-encoding')) this.weakenTag();
  }

  private weakenTag(): void {
    const [tag] = this.fields('etag');
    if (tag !== undefined) this.setField('ETag', weakened(tag));
  }

  private get announcedLength(): number | undefined {
    const [length] = this.fields('content-length');
    return length === undefined ? undefined : Number(length);
  }

  /** Writes the head. */
  private begin(coding: ContentCoding): void {
    super.write('');
    this.compressor = new ContentCompressor(coding, this);
  }

  private sendCompressed(content: Buffer, coding: ContentCoding): void {
    this.isCompleting = true;
    void compressWhole(content, coding).then(
      (compressed) => {
        this.isCompleting = false;
        super.send(compressed);
      },
      () => this.abort(),
    );
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function joined(values: readonly string[]): string | undefined {
  return values.length === 0 ? undefined : values.join(', ');
}
