/** Content that is in memory. */
import { createHash } from 'node:crypto';
import { fieldLine } from '../http/field-lines.js';
import { checkData } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { byMethod } from './by-method.js';
import type { Resource, WebContext } from './web-context.js';
import type { WebResult } from './web-result.js';

export interface DataOptions {
  /** The Cache-Control field. Default: no field. */
  readonly cacheControl?: string;
}

const OPTIONS: OptionNames<DataOptions> = { cacheControl: true };

/** Fixed content for GET and HEAD, with an entity tag: a client that has it receives 304. */
export class Data implements Resource {
  readonly #resource: Resource;

  /**
   * @param content Text is sent as UTF-8. Bytes are copied.
   * @param contentType Such as `text/css; charset=utf-8`.
   * @throws InvalidArgumentTypeError, InvalidHTTPOutputError, UnknownOptionError
   */
  constructor(content: string | Uint8Array, contentType: string, options: DataOptions = {}) {
    checkData(content, 'content');
    checkOptions('Data', options, OPTIONS);
    const bytes = Buffer.from(content);
    const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`;
    const fields: [name: string, value: string][] = [
      ['Content-Type', contentType],
      ['ETag', tag],
    ];
    if (options.cacheControl !== undefined) fields.push(['Cache-Control', options.cacheControl]);
    for (const [name, value] of fields) fieldLine(name, value);
    this.#resource = byMethod({
      GET({ response }) {
        for (const [name, value] of fields) response.setField(name, value);
        response.send(bytes);
      },
    });
  }

  render(context: WebContext): WebResult | PromiseLike<WebResult> {
    return this.#resource.render(context);
  }
}
