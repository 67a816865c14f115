/** The parts of a form of the type multipart/form-data, one after the other, as their bytes arrive. */
import { HTTPSequenceError } from '../protocols/http/errors.js';
import { HTTPStatusError } from './errors.js';
import { essenceOf } from './field-values.js';
import {
  boundaryOf,
  type MultipartEvent,
  type MultipartOptions,
  MultipartParser,
} from './multipart-form.js';
import type { FormPart } from './part-head.js';

/** The content of a request. */
export interface FormContent extends AsyncIterable<Buffer> {
  field(name: string): string | undefined;
}

/** Passes events of the form to the part whose turn it is. */
interface PartSource {
  /** @throws HTTPSequenceError it is not the turn of this part. */
  data(part: UploadedPart): Promise<Buffer | undefined>;
}

/**
 * A field or a file of a form. Its content can be read once, and only until the next part is requested: what was not read then is
 * dropped.
 */
export class UploadedPart implements FormPart, AsyncIterable<Buffer> {
  readonly name: string;
  readonly filename: string | undefined;
  readonly contentType: string;
  readonly #source: PartSource;

  /** @internal */
  constructor({ name, filename, contentType }: FormPart, source: PartSource) {
    this.name = name;
    this.filename = filename;
    this.contentType = contentType;
    this.#source = source;
  }

  /** Whether it is a file: it has a name of one, which is empty if none was chosen. */
  get isFile(): boolean {
    return this.filename !== undefined;
  }

  /**
   * The content piece by piece. Each piece is yours. The client can send no faster than they are taken.
   * @throws InvalidFormError, FormTooLargeError, HTTPSequenceError, and the error of the request.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void, void> {
    for (;;) {
      const data = await this.#source.data(this);
      if (data === undefined) return;
      yield data;
    }
  }

  /** All content: up to `maxValueBytes` or `maxFileBytes`. @throws as the iteration. */
  async bytes(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** All content, decoded as UTF-8. @throws as the iteration. */
  async text(): Promise<string> {
    return (await this.bytes()).toString();
  }
}

/**
 * Iterates over the parts of a form. If the iteration is left, the rest of the content is dropped.
 * @throws HTTPStatusError with 415: the content is of another type.
 * @throws InvalidFormError, FormTooLargeError Status 400 and 413. Also the error of the request, and for wrong options
 * InvalidArgumentTypeError, InvalidArgumentValueError and UnknownOptionError, at once.
 */
export function partsOf(
  content: FormContent,
  options: MultipartOptions = {},
): AsyncGenerator<UploadedPart, void, void> {
  const type = content.field('content-type') ?? '';
  if (essenceOf(type) !== 'multipart/form-data') throw new HTTPStatusError(415);
  const form = new FormReader(content, new MultipartParser(boundaryOf(type), options));
  return form.parts();
}

class FormReader implements PartSource {
  readonly #content: FormContent;
  readonly #parser: MultipartParser;
  #source: AsyncIterator<Buffer> | undefined = undefined;
  /** The part whose content is next. */
  #current: UploadedPart | undefined = undefined;

  constructor(content: FormContent, parser: MultipartParser) {
    this.#content = content;
    this.#parser = parser;
  }

  async *parts(): AsyncGenerator<UploadedPart, void, void> {
    const source = this.#content[Symbol.asyncIterator]();
    this.#source = source;
    try {
      for (;;) {
        const event = await this.#next(source);
        if (event === 'end') break;
        if (event !== 'part') continue;
        this.#current = new UploadedPart(this.#parser.part, this);
        yield this.#current;
        this.#current = undefined;
      }
    } finally {
      this.#current = undefined;
      await source.return?.();
    }
  }

  async data(part: UploadedPart): Promise<Buffer | undefined> {
    const source = this.#source;
    if (part !== this.#current || source === undefined) {
      throw new HTTPSequenceError('the content of a part can be read once, before the next part');
    }
    if ((await this.#next(source)) === 'data') return this.#parser.data;
    this.#current = undefined;
    return undefined;
  }

  async #next(source: AsyncIterator<Buffer>): Promise<MultipartEvent> {
    for (;;) {
      const event = this.#parser.next();
      if (event !== undefined) return event;
      const { done, value } = await source.next();
      if (done === true) this.#parser.end();
      else this.#parser.receive(value);
    }
  }
}
