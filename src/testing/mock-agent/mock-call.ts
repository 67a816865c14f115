/** A request that a mock agent has received. */
import { Buffer } from 'node:buffer';
import type { AgentRequest } from '../../http/agent/agent-request.js';
import { type FieldList, fieldOf } from '../../http/agent/field-list.js';

export class MockCall {
  readonly method: string;
  readonly url: URL;
  /** The fields in order, without Host and Content-Length. */
  readonly fields: FieldList;
  /** The values of the parameters of the route's URL, decoded. */
  readonly params: Readonly<Record<string, string>>;
  #pieces: Buffer[] = [];

  /** @internal */
  constructor({ method, url, fields }: AgentRequest, params: Readonly<Record<string, string>>) {
    this.method = method;
    this.url = new URL(url);
    this.fields = fields;
    this.params = params;
  }

  /** The value of the first line with this name, compared without case; `undefined` if there is none. */
  field(name: string): string | undefined {
    return fieldOf(this.fields, name);
  }

  /** The content that has been received. A reply begins when all of it has. */
  get content(): Buffer {
    const { length } = this.#pieces;
    if (length !== 1) this.#pieces = [Buffer.concat(this.#pieces)];
    return this.#pieces[0] as Buffer;
  }

  /** {@link content} as UTF-8. */
  get text(): string {
    return this.content.toString();
  }

  /** {@link content}, parsed as JSON. @throws SyntaxError */
  json(): unknown {
    return JSON.parse(this.text) as unknown;
  }

  /** @internal */
  received(piece: Uint8Array): void {
    this.#pieces.push(Buffer.from(piece));
  }
}
