/** The head and the trailers of a request over HTTP/2, in the form in which handlers read those of HTTP/1. */
import type { FieldFilter } from '../../protocols/http/field-section.js';
import type { TargetForm } from '../../protocols/http/target.js';
import type { HTTP2Fields, HTTP2RequestHead } from '../../protocols/http2/heads.js';
import type { ReceivedHead, ReceivedSection } from '../received-head.js';

const ADDED = /^(?:host|connection|upgrade)$/i;

/** Fields of HTTP/2 keep no received bytes, so they can be read at any time. */
export class HTTP2ReceivedFields implements ReceivedSection {
  protected readonly section: HTTP2Fields;

  constructor(section: HTTP2Fields) {
    this.section = section;
  }

  get fieldCount(): number {
    return this.section.fieldCount;
  }

  has(name: string): boolean {
    return this.section.has(name);
  }

  field(name: string): string | undefined {
    return this.section.field(name);
  }

  fields(name: string): string[] {
    return this.section.fields(name);
  }

  rawFields(): Generator<readonly [name: string, value: string], void, undefined> {
    return this.section.rawFields();
  }

  rawList(): string[] {
    const list: string[] = [];
    for (const [name, value] of this.rawFields()) list.push(name, value);
    return list;
  }

  linesWithout(filter: FieldFilter): string {
    let lines = '';
    let hasCookie = false;
    for (const [name, received] of this.rawFields()) {
      let value = received;
      // Other protocols have one line of it (RFC 9113 section 8.2.3).
      if (name === 'cookie') {
        if (hasCookie) continue;
        hasCookie = true;
        value = this.field(name) ?? value;
      }
      if (filter.mayDrop(name.length, name.charCodeAt(0)) && filter.drops(name)) continue;
      lines += `${name}: ${value}\r\n`;
    }
    return lines;
  }

  keep(): this {
    return this;
  }
}

/**
 * Clients send `:authority` instead of Host: the field has that value then. An extended CONNECT (RFC 8441) is presented as the GET with
 * Upgrade that asks for the same in HTTP/1.1, so that handlers need not distinguish them.
 */
export class HTTP2ReceivedHead extends HTTP2ReceivedFields implements ReceivedHead {
  readonly version = '2.0';
  readonly keepsAlive = true;
  /** Whether the length of the content is not known. */
  readonly isChunked: boolean;
  private readonly head: HTTP2RequestHead;

  /** @param hasContent Whether content or trailers follow. */
  constructor(head: HTTP2RequestHead, hasContent: boolean) {
    super(head);
    this.head = head;
    this.isChunked = hasContent && head.contentLength === undefined && head.method !== 'CONNECT';
  }

  get method(): string {
    return this.protocol === undefined ? this.head.method : 'GET';
  }

  get hasUpgrade(): boolean {
    return this.protocol !== undefined;
  }

  /** The path with its query; the authority for CONNECT. */
  get target(): string {
    const { path, authority } = this.head;
    return path === '' ? authority : path;
  }

  get targetForm(): TargetForm {
    const { path } = this.head;
    if (path === '') return 'authority';
    return path === '*' ? 'asterisk' : 'origin';
  }

  get originForm(): string {
    return this.head.path;
  }

  get authority(): string {
    return this.head.authority;
  }

  get contentLength(): number | undefined {
    return this.head.contentLength;
  }

  get expectsContinue(): boolean {
    return this.head.expectsContinue;
  }

  get protocol(): string | undefined {
    return this.head.protocol;
  }

  override get fieldCount(): number {
    return super.fieldCount + this.added().length;
  }

  override has(name: string): boolean {
    return super.has(name) || this.addedField(name) !== undefined;
  }

  override field(name: string): string | undefined {
    return super.field(name) ?? this.addedField(name);
  }

  override fields(name: string): string[] {
    const added = this.addedField(name);
    return added === undefined ? super.fields(name) : [added];
  }

  override *rawFields(): Generator<readonly [name: string, value: string], void, undefined> {
    yield* this.added();
    yield* super.rawFields();
  }

  private addedField(name: string): string | undefined {
    if (!ADDED.test(name)) return undefined;
    const lower = name.toLowerCase();
    return this.added().find(([added]) => added === lower)?.[1];
  }

  /** The fields that the message would have in HTTP/1.1. */
  private added(): [name: string, value: string][] {
    const { authority, protocol } = this.head;
    const fields: [name: string, value: string][] = [];
    if (authority !== '' && !super.has('host')) fields.push(['host', authority]);
    if (protocol !== undefined) fields.push(['connection', 'upgrade'], ['upgrade', protocol]);
    return fields;
  }
}
