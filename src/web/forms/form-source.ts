/**
 * The content of a request as a form. One exists for each request, so that a wrapper can read a field of the form before the resource
 * reads the form: the rest of the content is read where the wrapper stopped.
 */

import { HTTPStatusError } from '../../http/errors.js';
import { essenceOf } from '../../http/field-values.js';
import { partsOf, type UploadedPart } from '../../http/form-parts.js';
import { type FormField, UrlencodedParser } from '../../http/urlencoded.js';
import { HTTPSequenceError } from '../../protocols/http/errors.js';
import { contextKey } from '../context-key.js';
import type { WebContext } from '../web-context.js';

const URLENCODED = 'application/x-www-form-urlencoded';
const MULTIPART = 'multipart/form-data';

/** A field, or a part of a form in parts, which may be a file. */
export type FormEntry = FormField | UploadedPart;

export class FormSource {
  readonly #context: WebContext;
  readonly #type: string;
  /** Of the urlencoded form. */
  #fields: readonly FormField[] | undefined;
  #parts: AsyncGenerator<UploadedPart, void, void> | undefined;
  /** Entries that were read before the others. */
  #first: FormEntry | undefined;
  #isTaken = false;

  private constructor(context: WebContext) {
    this.#context = context;
    this.#type = essenceOf(context.request.field('content-type') ?? '');
  }

  static of(context: WebContext): FormSource {
    const known = context.get(SOURCE);
    if (known !== undefined) return known;
    const source = new FormSource(context);
    context.set(SOURCE, source);
    return source;
  }

  /** Whether the content is a form, by its type. */
  get isForm(): boolean {
    return this.#type === URLENCODED || this.isMultipart;
  }

  get isMultipart(): boolean {
    return this.#type === MULTIPART;
  }

  /**
   * The value of a field before the form is read. In a form in parts, it must be the first part, because files may follow.
   * @returns Undefined if there is no such field, or there are several.
   */
  async peek(name: string): Promise<string | undefined> {
    if (this.isMultipart) {
      const { value: part } = await this.#iterate().next();
      if (part === undefined || part.name !== name || part.isFile) {
        this.#first = part ?? undefined;
        return undefined;
      }
      const value = await part.text();
      this.#first = { name, value };
      return value;
    }
    const values = (await this.#urlencoded()).filter((field) => field.name === name);
    return values.length === 1 ? values[0]?.value : undefined;
  }

  /**
   * All entries, once, in order.
   * @throws HTTPSequenceError they were read already. @throws HTTPStatusError with 415: the content is not a form.
   * @throws InvalidFormError, FormTooLargeError, and the error of the request.
   */
  async *entries(): AsyncGenerator<FormEntry, void, void> {
    if (this.#isTaken) throw new HTTPSequenceError('the form of a request can be read once');
    this.#isTaken = true;
    if (!this.isForm) throw new HTTPStatusError(415, 'the content is not a form');
    if (!this.isMultipart) {
      yield* await this.#urlencoded();
      return;
    }
    const first = this.#first;
    this.#first = undefined;
    if (first !== undefined) yield first;
    yield* this.#iterate();
  }

  /** Files are limited by the content of the request, and by their fields. */
  #iterate(): AsyncGenerator<UploadedPart, void, void> {
    this.#parts ??= partsOf(this.#context.request, { maxFileBytes: Number.MAX_SAFE_INTEGER });
    return this.#parts;
  }

  async #urlencoded(): Promise<readonly FormField[]> {
    this.#fields ??= new UrlencodedParser().fieldsOf(await this.#context.request.bytes());
    return this.#fields;
  }
}

const SOURCE = contextKey<FormSource>('form');
