/** Decides which answers are compressed, and how. */
import { InvalidArgumentTypeError } from '../core/errors/arguments.js';
import { checkChoice, checkInteger } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { acceptedCodings, CONTENT_CODINGS, type ContentCoding } from './accept-encoding.js';
import { essenceOf, splitOutsideQuotes } from './field-values.js';

export interface CompressionOptions {
  /** The codings offered, the preferred one first. Default: all that this Node has, in the order br, zstd, gzip, deflate. */
  readonly codings?: readonly ContentCoding[] | undefined;
  /** Least length of a body worth compressing, in bytes. Default 1,024: a smaller answer fits into one packet anyway. */
  readonly minBytes?: number | undefined;
}

const OPTIONS: OptionNames<CompressionOptions> = { codings: true, minBytes: true };
const DEFAULT_MIN_BYTES = 1024;

/** Text is compressible, except for a stream of events, which waits for each event. */
const COMPRESSIBLE_TYPE = /^text\/(?!event-stream$)|[+/](?:json|xml|yaml|text)$/;
const COMPRESSIBLE_TYPES: ReadonlySet<string> = new Set([
  'application/javascript',
  'application/json-seq',
  'application/jsonl',
  'application/rtf',
  'application/vnd.ms-fontobject',
  'application/wasm',
  'application/x-javascript',
  'application/x-ndjson',
  'application/x-sh',
  'application/x-tar',
  'application/xml-dtd',
  'font/otf',
  'font/ttf',
  'image/bmp',
  'image/vnd.microsoft.icon',
  'image/x-icon',
]);

/** The facts about an answer that decide. The fields are those that the application set. */
export interface CompressibleAnswer {
  readonly status: number;
  readonly contentType?: string | undefined;
  /** Of the body; undefined if it is unknown. */
  readonly length?: number | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentRange?: string | undefined;
  readonly cacheControl?: string | undefined;
}

export interface CompressionChoice {
  /** `undefined`: send the body as it is. */
  readonly coding: ContentCoding | undefined;
  /** Whether the choice depended on Accept-Encoding, so that this name must be in the Vary field: see {@link addVary}. */
  readonly vary: boolean;
}

/** Without content, or with a part of it. */
const UNCHANGED_STATUSES: ReadonlySet<number> = new Set([204, 205, 206, 304]);
const UNCHANGED: CompressionChoice = { coding: undefined, vary: false };
const IDENTITY: CompressionChoice = { coding: undefined, vary: true };

/** Whether a media type, with or without parameters, usually becomes much shorter. */
function isCompressible(contentType: string): boolean {
  const essence = essenceOf(contentType);
  return COMPRESSIBLE_TYPE.test(essence) || COMPRESSIBLE_TYPES.has(essence);
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function checkCodings(what: string, codings: unknown): readonly ContentCoding[] {
  if (!Array.isArray(codings)) throw new InvalidArgumentTypeError(what, 'an array', codings);
  return codings.map((coding) => checkChoice(`each of ${what}`, coding, CONTENT_CODINGS));
}

export class CompressionPolicy {
  readonly #codings: readonly ContentCoding[];
  readonly #minBytes: number;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: CompressionOptions = {}) {
    checkOptions('compression', options, OPTIONS);
    const { codings = CONTENT_CODINGS, minBytes = DEFAULT_MIN_BYTES } = options;
    this.#codings = checkCodings('codings', codings);
    this.#minBytes = checkInteger('minBytes', minBytes, 0, Number.MAX_SAFE_INTEGER);
  }

  /**
   * A compressed answer has the fields Content-Encoding and Vary, a weak entity tag (`weakened` of entity-tags.ts), no Accept-Ranges and no
   * Content-Length of the original. The answer to HEAD has the same fields. A client that accepts nothing has the body as it is.
   */
  choose(acceptEncoding: string | undefined, answer: CompressibleAnswer): CompressionChoice {
    const { status, contentType, length, contentEncoding, contentRange, cacheControl } = answer;
    if (status < 200 || UNCHANGED_STATUSES.has(status)) return UNCHANGED;
    if (contentEncoding !== undefined || contentRange !== undefined) return UNCHANGED;
    if (contentType === undefined || !isCompressible(contentType)) return UNCHANGED;
    if (length !== undefined && length < this.#minBytes) return UNCHANGED;
    if (cacheControl !== undefined && forbidsTransform(cacheControl)) return UNCHANGED;
    const [coding] = acceptedCodings(acceptEncoding, this.#codings);
    return coding === undefined || coding === 'identity' ? IDENTITY : { coding, vary: true };
  }
}

function forbidsTransform(cacheControl: string): boolean {
  const directives = splitOutsideQuotes(cacheControl, ',');
  return directives.some((directive) => directive.toLowerCase() === 'no-transform');
}

/** The value of a Vary field with one more field name (RFC 9110 section 12.5.5). */
export function addVary(vary: string | undefined, name: string): string {
  if (vary === undefined) return name;
  const names = splitOutsideQuotes(vary, ',');
  const has = (other: string): boolean =>
    names.some((known) => known.toLowerCase() === other.toLowerCase());
  if (has('*') || has(name)) return vary;
  return [...names, name].join(', ');
}
