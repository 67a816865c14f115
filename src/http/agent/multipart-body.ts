/** Forms of the type multipart/form-data, made (RFC 7578; https://html.spec.whatwg.org/#multipart-form-data). */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import { checkInteger, checkPlainObject, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { checkText } from '../../protocols/http/field-block.js';
import { contentBytes, type HTTPContent } from '../../protocols/http/message-serializer.js';
import { isBoundary } from '../boundaries.js';
import type { ContentPieces } from '../client/client-request.js';
import { isWhole } from './agent-request.js';
import type { Body } from './body.js';

/** A field or a file of a form. */
export interface MultipartPart {
  readonly name: string;
  /** Text, bytes, a Blob, or a function that begins pieces anew at each call. */
  readonly content: HTTPContent | Blob | (() => ContentPieces);
  /** The length of pieces in bytes. If it is missing for one part, the form is chunked. */
  readonly contentLength?: number;
  /** Makes the part a file. Default: the name of a File, and otherwise none. */
  readonly filename?: string;
  /** Default: that of a Blob; for other files `application/octet-stream`, for fields none. */
  readonly contentType?: string;
}

/** Parts in order, or a FormData of the platform. */
export type MultipartForm = FormData | Iterable<MultipartPart>;

const NAMES: OptionNames<MultipartPart> = {
  name: true,
  content: true,
  contentLength: true,
  filename: true,
  contentType: true,
};

interface ReadyPart {
  readonly head: string;
  readonly content: MultipartPart['content'];
  /** Undefined if it is not known. */
  readonly length: number | undefined;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError, InvalidHTTPOutputError */
export function multipartBody(form: MultipartForm, boundary: string): Body {
  if (!isBoundary(checkString('the boundary', boundary))) {
    throw new InvalidArgumentValueError('the boundary', '1 to 70 characters of RFC 2046', boundary);
  }
  const parts = partsOf(form).map((part) => ready(part, boundary));
  const end = `--${boundary}--\r\n`;
  let length: number | undefined = end.length;
  for (const part of parts) {
    if (part.length === undefined || length === undefined) length = undefined;
    else length += contentBytes(part.head) + part.length + 2;
  }
  async function* pieces(): AsyncGenerator<HTTPContent, void, void> {
    for (const { head, content } of parts) {
      yield head;
      if (isWhole(content)) yield content;
      else yield* content instanceof Blob ? content.stream() : content();
      yield '\r\n';
    }
    yield end;
  }
  return {
    content: pieces,
    contentLength: length,
    type: `multipart/form-data; boundary=${quoted(boundary)}`,
  };
}

function partsOf(form: MultipartForm): readonly MultipartPart[] {
  if (form instanceof FormData) {
    return [...form].map(([name, content]) => ({ name, content }));
  }
  if (typeof form === 'object' && form !== null && Symbol.iterator in form) return [...form];
  throw new InvalidArgumentTypeError('multipart', 'a FormData or a list of parts', form);
}

function ready(part: MultipartPart, boundary: string): ReadyPart {
  checkPlainObject('a part', part);
  checkOptions('a part', part, NAMES);
  const { name, content, contentLength } = part;
  const isBlob = content instanceof Blob;
  if (!isBlob && !isWhole(content) && typeof content !== 'function') {
    const expected = 'text, bytes, a Blob, or a function that returns pieces';
    throw new InvalidArgumentTypeError('content of a part', expected, content);
  }
  if (contentLength !== undefined) {
    checkInteger('contentLength of a part', contentLength, 0, Number.MAX_SAFE_INTEGER);
    if (typeof content !== 'function') {
      const expected = 'left out for text, bytes and a Blob';
      throw new InvalidArgumentValueError('contentLength of a part', expected, contentLength);
    }
  }
  const { filename = isBlob ? nameOf(content) : undefined } = part;
  const isFile = filename !== undefined;
  const { contentType = (isBlob && content.type) || (isFile ? OCTETS : undefined) } = part;
  let head = `--${boundary}\r\nContent-Disposition: form-data; name="${escaped('name', name)}"`;
  if (isFile) head += `; filename="${escaped('filename', filename)}"`;
  if (contentType !== undefined) {
    checkText('Content-Type of a part', checkString('contentType', contentType));
    head += `\r\nContent-Type: ${contentType}`;
  }
  const length = isBlob ? content.size : isWhole(content) ? contentBytes(content) : contentLength;
  return { head: `${head}\r\n\r\n`, content, length };
}

const OCTETS = 'application/octet-stream';

/** A Blob without a name is a file too: only text is a field. */
function nameOf(content: Blob): string {
  return (content as Partial<File>).name ?? 'blob';
}

function escaped(what: string, text: unknown): string {
  return checkString(what, text)
    .replaceAll('\r', '%0D')
    .replaceAll('\n', '%0A')
    .replaceAll('"', '%22');
}

function quoted(boundary: string): string {
  return /^[\w.-]+$/.test(boundary) ? boundary : `"${boundary}"`;
}
