/** The kinds of fields of forms. Each turns texts of the client into a value, or says what is wrong with them. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import { checkBoolean, checkInteger, checkNumber } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { UploadedFile } from './uploaded-file.js';

/**
 * The problem of a field: `missing`: it is required and empty; `repeated`: it occurs several times; `malformed`: not of its kind;
 * `too-small`, `too-large`: a number, the length of a text, the size of a file or the number of items; `unknown-choice`; `wrong-type`: the
 * file claims another type.
 */
export type FieldProblem =
  | 'missing'
  | 'repeated'
  | 'malformed'
  | 'too-small'
  | 'too-large'
  | 'unknown-choice'
  | 'wrong-type';

/** A value or a problem. */
export type FieldResult<T> = { readonly value: T } | { readonly problem: FieldProblem };

/** A kind of field. Make one with {@link field}. */
export interface FieldKind<T> {
  /** Most occurrences: more are the problem `repeated`, or `too-large` for lists. */
  readonly max: number;
  /** Longest text in UTF-16 code units, or largest file in bytes. */
  readonly maxLength: number;
  /** The accepted types of files; undefined for fields of text. */
  readonly fileTypes: readonly string[] | undefined;
  /** Whether the text is not shown again when a form has problems. */
  readonly isSecret?: boolean;
  /** @param given The texts or files of the client, empty ones included: none, one or several. */
  read(given: readonly (string | UploadedFile)[]): FieldResult<T>;
}

/** The option that most kinds have. */
export interface Requirable {
  /** Whether an empty or missing field is a problem. Default true. */
  readonly required?: boolean | undefined;
}

export interface TextFieldOptions extends Requirable {
  /** Default 0. */
  readonly minLength?: number;
  /** In UTF-16 code units: 1 to 2^20. Default 1,000. */
  readonly maxLength?: number;
  /** Whether line breaks are allowed, which become LF. Default false. */
  readonly multiline?: boolean;
  /** Whether white space at both ends is removed. Default true. */
  readonly trim?: boolean;
  /** Must match the whole text. */
  readonly pattern?: RegExp;
}

export interface NumberFieldOptions extends Requirable {
  readonly min?: number;
  readonly max?: number;
}

export interface ChoiceFieldOptions extends Requirable {}

export interface FileFieldOptions extends Requirable {
  /** Largest file in bytes: 0 to 2^53 - 1. Default 10 MiB. */
  readonly maxBytes?: number;
  /** Media types in lower case, such as `image/png` or `image/*`, which the client claims. Default: any. */
  readonly types?: readonly string[];
}

export interface ListFieldOptions {
  /** Default 0. */
  readonly min?: number;
  /** 1 to 1,000. Default 100. */
  readonly max?: number;
}

const TEXT: OptionNames<TextFieldOptions> = {
  required: true,
  minLength: true,
  maxLength: true,
  multiline: true,
  trim: true,
  pattern: true,
};
const NUMBER: OptionNames<NumberFieldOptions> = { required: true, min: true, max: true };
const CHOICE: OptionNames<ChoiceFieldOptions> = { required: true };
const FILE: OptionNames<FileFieldOptions> = { required: true, maxBytes: true, types: true };
const LIST: OptionNames<ListFieldOptions> = { min: true, max: true };

const MAX_TEXT = 2 ** 20;
const DEFAULT_MAX_TEXT = 1_000;
/** Longer than any number in a form. */
const MAX_NUMBER_TEXT = 40;
const DEFAULT_MAX_FILE_BYTES = 10 * 1024 * 1024;

/** The type of the value of an optional field. */
type Maybe<T, Options> = Options extends { readonly required: false } ? T | undefined : T;

function text<const O extends TextFieldOptions = object>(options?: O): FieldKind<Maybe<string, O>> {
  const given: TextFieldOptions = options ?? {};
  checkOptions('field.text', given, TEXT);
  const { minLength = 0, maxLength = DEFAULT_MAX_TEXT, multiline = false, pattern } = given;
  const { trim = true } = given;
  checkInteger('minLength', minLength, 0, MAX_TEXT);
  checkInteger('maxLength', maxLength, 1, MAX_TEXT);
  checkBoolean('multiline', multiline);
  checkBoolean('trim', trim);
  if (pattern !== undefined && !(pattern instanceof RegExp)) {
    throw new InvalidArgumentTypeError('pattern', 'a RegExp', pattern);
  }
  const whole =
    pattern && new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''));
  return kind(given, maxLength, (raw) => {
    const lines = multiline ? raw.replace(/\r\n?/g, '\n') : raw;
    const value = trim ? lines.trim() : lines;
    if (value === '' && minLength === 0) return { value: '' };
    // Line breaks, tabs and paragraphs of a text are not control characters to refuse.
    if (/\p{Cc}/u.test(multiline ? value.replace(/[\n\t]/g, '') : value)) return wrong('malformed');
    if (/\p{Surrogate}/u.test(value)) return wrong('malformed');
    if (value.length < minLength) return wrong('too-small');
    if (value.length > maxLength) return wrong('too-large');
    return whole === undefined || whole.test(value) ? { value } : wrong('malformed');
  }) as FieldKind<Maybe<string, O>>;
}

/** A password or token: exactly as it was sent. */
function secret<const O extends TextFieldOptions = object>(
  options?: O,
): FieldKind<Maybe<string, O>> {
  return { ...text({ trim: false, ...options } as unknown as O), isSecret: true };
}

function integer<const O extends NumberFieldOptions = object>(
  options?: O,
): FieldKind<Maybe<number, O>> {
  return numeric('field.integer', options ?? {}, /^[+-]?\d{1,16}$/, Number.isSafeInteger) as never;
}

function number<const O extends NumberFieldOptions = object>(
  options?: O,
): FieldKind<Maybe<number, O>> {
  const form = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d{1,3})?$/i;
  return numeric('field.number', options ?? {}, form, Number.isFinite) as never;
}

function numeric(
  what: string,
  options: NumberFieldOptions,
  form: RegExp,
  isValid: (value: number) => boolean,
): FieldKind<number | undefined> {
  checkOptions(what, options, NUMBER);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = options;
  if (options.min !== undefined) checkNumber('min', min, Number.NEGATIVE_INFINITY);
  if (options.max !== undefined) checkNumber('max', max, Number.NEGATIVE_INFINITY);
  return kind(options, MAX_NUMBER_TEXT, (raw) => {
    const trimmed = raw.trim();
    const value = Number(trimmed);
    if (!form.test(trimmed) || !isValid(value)) return wrong('malformed');
    if (value < min) return wrong('too-small');
    return value > max ? wrong('too-large') : { value };
  });
}

/** Whether a check box is checked: browsers send nothing if it is not. */
function checkbox(): FieldKind<boolean> {
  return {
    max: 1,
    maxLength: DEFAULT_MAX_TEXT,
    fileTypes: undefined,
    read: (given) => ({ value: given.length > 0 }),
  };
}

function choice<const C extends string, const O extends ChoiceFieldOptions = object>(
  choices: readonly C[],
  options?: O,
): FieldKind<Maybe<C, O>> {
  checkOptions('field.choice', (options ?? {}) as ChoiceFieldOptions, CHOICE);
  if (!Array.isArray(choices)) {
    throw new InvalidArgumentTypeError('choices', 'an array of strings', choices);
  }
  return kind(options ?? {}, DEFAULT_MAX_TEXT, (raw) =>
    choices.includes(raw as C) ? { value: raw } : wrong('unknown-choice'),
  ) as FieldKind<Maybe<C, O>>;
}

function file<const O extends FileFieldOptions = object>(
  options?: O,
): FieldKind<Maybe<UploadedFile, O>> {
  const given: FileFieldOptions = options ?? {};
  checkOptions('field.file', given, FILE);
  const { required = true, maxBytes = DEFAULT_MAX_FILE_BYTES, types = ['*/*'] } = given;
  checkBoolean('required', required);
  checkInteger('maxBytes', maxBytes, 0, Number.MAX_SAFE_INTEGER);
  if (!Array.isArray(types)) {
    throw new InvalidArgumentTypeError('types', 'an array of media types', types);
  }
  return {
    max: 1,
    maxLength: maxBytes,
    fileTypes: types,
    read: ([first]) => {
      if (first !== undefined) return { value: first };
      return required ? wrong('missing') : { value: undefined };
    },
  } as FieldKind<UploadedFile | undefined> as FieldKind<Maybe<UploadedFile, O>>;
}

/** All occurrences of a field, empty ones excepted. */
function list<T>(
  item: FieldKind<T>,
  options: ListFieldOptions = {},
): FieldKind<Exclude<T, undefined>[]> {
  checkOptions('field.list', options, LIST);
  const { min = 0, max = 100 } = options;
  checkInteger('min', min, 0, 1_000);
  checkInteger('max', max, 1, 1_000);
  return {
    max,
    maxLength: item.maxLength,
    fileTypes: item.fileTypes,
    read(given) {
      const values: Exclude<T, undefined>[] = [];
      for (const one of given) {
        if (one === '') continue;
        const result = item.read([one]);
        if ('problem' in result) return result;
        values.push(result.value as Exclude<T, undefined>);
      }
      if (values.length < min) return wrong(values.length === 0 ? 'missing' : 'too-small');
      return { value: values };
    },
  };
}

/** A field of a text with one occurrence. */
function kind<T>(
  { required = true }: Requirable,
  maxLength: number,
  read: (text: string) => FieldResult<T>,
): FieldKind<T | undefined> {
  checkBoolean('required', required);
  return {
    max: 1,
    maxLength,
    fileTypes: undefined,
    read([given = '']) {
      if (typeof given !== 'string') return wrong('malformed');
      const result = given === '' ? undefined : read(given);
      if (result === undefined || ('value' in result && result.value === '')) {
        return required ? wrong('missing') : { value: undefined };
      }
      return result;
    },
  };
}

function wrong(problem: FieldProblem): { readonly problem: FieldProblem } {
  return { problem };
}

/** See {@link field}. */
export interface FieldKinds {
  readonly text: typeof text;
  readonly secret: typeof secret;
  readonly integer: typeof integer;
  readonly number: typeof number;
  readonly checkbox: typeof checkbox;
  readonly choice: typeof choice;
  readonly file: typeof file;
  readonly list: typeof list;
}

/** The kinds of fields of a {@link Form}. */
export const field: FieldKinds = {
  text,
  secret,
  integer,
  number,
  checkbox,
  choice,
  file,
  list,
};
