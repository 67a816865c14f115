/** Forms with typed fields: the content of requests in both types of forms, with limits. */
import { tmpdir } from 'node:os';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { Deferred } from '../../defer/deferred.js';
import { essenceOf } from '../../http/field-values.js';
import { UploadedPart } from '../../http/form-parts.js';
import {
  checkFunction,
  checkInteger,
  checkPlainObject,
  checkString,
} from '../../internal/check.js';
import { reportError } from '../../internal/error-report.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { WebContext } from '../web-context.js';
import type { FieldKind, FieldProblem } from './form-fields.js';
import { type FormEntry, FormSource } from './form-source.js';
import { UploadedFile, UploadWriter } from './uploaded-file.js';

/** Kinds of fields by name. */
export type FormFields = Readonly<Record<string, FieldKind<unknown>>>;

/** The values of a form. */
export type FormValues<F extends FormFields> = {
  readonly [Name in keyof F]: F[Name] extends FieldKind<infer T> ? T : never;
};

/** A form that was read: its values, or its problems. */
export type FormResult<F extends FormFields> =
  | { readonly ok: true; readonly values: FormValues<F> }
  | {
      readonly ok: false;
      /** By the names of the fields that have one. */
      readonly problems: { readonly [Name in keyof F]?: FieldProblem };
      /** The texts that were sent, the first of each field, to show the form again; without secrets. */
      readonly texts: { readonly [Name in keyof F]?: string };
    };

export interface FormOptions {
  /** Most bytes of content; a longer one is answered with 413. Default: what the fields allow, with 64 KiB, and at most 100 MiB. */
  readonly maxBytes?: number;
  /** Files of up to this many bytes stay in memory: 0 to 2^30. Default 65,536. */
  readonly maxMemoryBytes?: number;
  /** Where temporary files are made. Default: the folder of the system. */
  readonly folder?: string;
}

const OPTIONS: OptionNames<FormOptions> = { maxBytes: true, maxMemoryBytes: true, folder: true };
const DEFAULT_MAX_MEMORY_BYTES = 65_536;
const SLACK_BYTES = 65_536;
const MAX_DEFAULT_BYTES = 100 * 1024 * 1024;
/** A UTF-16 code unit has up to three bytes, each of which is encoded as up to three. */
const BYTES_PER_UNIT = 9;

/** The received texts and files of one field. */
interface Received {
  readonly kind: FieldKind<unknown>;
  readonly given: (string | UploadedFile)[];
  problem: FieldProblem | undefined;
}

/**
 * A form that a resource accepts. Unknown fields are ignored. Temporary files of uploads are removed when the response has ended.
 *
 * @example
 * const PHOTO = new Form({ title: field.text({ maxLength: 80 }), photo: field.file({ types: ['image/*'] }) });
 * const form = await PHOTO.read(context);
 * if (form.ok) await form.values.photo.moveTo(path);
 */
export class Form<const F extends FormFields> {
  readonly #fields: F;
  readonly #maxBytes: number;
  readonly #maxMemoryBytes: number;
  readonly #folder: string | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(fields: F, options: FormOptions = {}) {
    checkPlainObject('fields', fields);
    for (const [name, kind] of Object.entries(fields)) {
      if (name === '__proto__') throw new InvalidArgumentValueError('fields', 'other names', name);
      checkFunction(`the kind of the field ${name}`, kind?.read);
    }
    checkOptions('Form', options, OPTIONS);
    const { maxBytes = allowedBytes(fields), maxMemoryBytes = DEFAULT_MAX_MEMORY_BYTES } = options;
    this.#fields = { ...fields };
    this.#maxBytes = checkInteger('maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER);
    this.#maxMemoryBytes = checkInteger('maxMemoryBytes', maxMemoryBytes, 0, 2 ** 30);
    this.#folder = options.folder && checkString('folder', options.folder);
  }

  /**
   * Reads the form of a request, once. Fails with an HTTPStatusError with 415 if the content is not a form, with an InvalidFormError (400) or a
   * FormTooLargeError (413), with an HTTPSequenceError if the content was read already, and as `request.bytes` does; with the error
   * of the file system if a temporary file cannot be written.
   * @throws InvalidArgumentTypeError
   */
  read(context: WebContext): Deferred<FormResult<F>> {
    if (typeof context?.request !== 'object') {
      throw new InvalidArgumentTypeError('context', 'a WebContext', context);
    }
    return Deferred.fromPromise(this.#read(context));
  }

  async #read(context: WebContext): Promise<FormResult<F>> {
    const received = new Map<string, Received>();
    for (const [name, kind] of Object.entries(this.#fields)) {
      received.set(name, { kind, given: [], problem: undefined });
    }
    const files = new Set<UploadedFile>();
    try {
      context.request.maxContentBytes = this.#maxBytes;
      for await (const entry of FormSource.of(context).entries()) {
        const field = received.get(entry.name);
        if (field !== undefined) await this.#receive(field, entry, files);
      }
    } catch (error) {
      await removeAll(files);
      throw error;
    }
    if (files.size > 0) context.response.whenEnded(() => void removeAll(files));
    return resultOf<F>(received);
  }

  async #receive(field: Received, entry: FormEntry, files: Set<UploadedFile>): Promise<void> {
    const { kind, given } = field;
    const isFile = entry instanceof UploadedPart && entry.isFile;
    // Browsers send a file without a name if none was chosen.
    if (isFile && entry.filename === '') return;
    if (isFile !== (kind.fileTypes !== undefined)) {
      if (isFile || !isEmpty(entry)) field.problem ??= 'malformed';
    } else if (given.length >= kind.max) {
      field.problem ??= kind.max === 1 ? 'repeated' : 'too-large';
    } else if (isFile) {
      const file = await this.#store(entry, field);
      if (file === undefined) return;
      files.add(file);
      given.push(file);
    } else given.push(entry instanceof UploadedPart ? await entry.text() : entry.value);
  }

  /** @returns Undefined if the file is not accepted. */
  async #store(part: UploadedPart, field: Received): Promise<UploadedFile | undefined> {
    const { filename = '', contentType } = part;
    if (!isAccepted(essenceOf(contentType), field.kind.fileTypes ?? [])) {
      field.problem ??= 'wrong-type';
      return undefined;
    }
    const writer = new UploadWriter(this.#folder ?? tmpdir(), this.#maxMemoryBytes);
    try {
      for await (const data of part) {
        if (writer.size + data.length > field.kind.maxLength) {
          field.problem ??= 'too-large';
          await writer.remove();
          return undefined;
        }
        await writer.write(data);
      }
      const content = await writer.end();
      return new UploadedFile({ filename, contentType, size: writer.size }, content);
    } catch (error) {
      await writer.remove();
      throw error;
    }
  }
}

function resultOf<F extends FormFields>(received: ReadonlyMap<string, Received>): FormResult<F> {
  const values: Record<string, unknown> = {};
  const problems: Record<string, FieldProblem> = {};
  const texts: Record<string, string> = {};
  for (const [name, { kind, given, problem }] of received) {
    const result = problem === undefined ? kind.read(given) : { problem };
    if ('problem' in result) problems[name] = result.problem;
    else values[name] = result.value;
    const [first] = given;
    if (typeof first === 'string' && kind.isSecret !== true) texts[name] = first;
  }
  return (
    Object.keys(problems).length === 0 ? { ok: true, values } : { ok: false, problems, texts }
  ) as FormResult<F>;
}

/** A text field in the place of a file: empty if no file was chosen. */
function isEmpty(entry: FormEntry): boolean {
  return !(entry instanceof UploadedPart) && entry.value === '';
}

function isAccepted(type: string, types: readonly string[]): boolean {
  return types.some((accepted) => {
    if (accepted === '*/*' || accepted === type) return true;
    return accepted.endsWith('/*') && type.startsWith(accepted.slice(0, -1));
  });
}

function allowedBytes(fields: FormFields): number {
  let bytes = SLACK_BYTES;
  for (const { max, maxLength, fileTypes } of Object.values(fields)) {
    bytes += max * (fileTypes === undefined ? BYTES_PER_UNIT * maxLength : maxLength);
  }
  return Math.min(bytes, MAX_DEFAULT_BYTES);
}

async function removeAll(files: Iterable<UploadedFile>): Promise<void> {
  for (const file of files) {
    await file
      .remove()
      .catch((error: unknown) => reportError(error, 'removal of a temporary file'));
  }
}
