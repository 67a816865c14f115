/** Content of requests that is made of values: JSON and forms. */
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../core/errors/arguments.js';
import type { AgentContent } from './agent-request.js';
import type { Body } from './body.js';
import { type MultipartForm, multipartBody } from './multipart-body.js';
import { appendParameters, type QueryParameters } from './urls.js';

/** At most one of these. */
export interface BodyChoice {
  /** Text is sent in UTF-8. Default: none. */
  readonly content?: AgentContent;
  /** A value that is sent as JSON, with Content-Type unless there is one. Default: none. */
  readonly json?: unknown;
  /** A form that is sent as application/x-www-form-urlencoded. Default: none. */
  readonly form?: QueryParameters;
  /** A form, perhaps with files, that is sent as multipart/form-data. Default: none. */
  readonly multipart?: MultipartForm;
}

const NO_BODY: Body = { content: undefined, contentLength: undefined, type: undefined };

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function bodyOf(options: BodyChoice, boundary: () => string): Body {
  const { content, json, form, multipart } = options;
  const given = Object.entries({ content, json, form, multipart })
    .filter(([, body]) => body !== undefined)
    .map(([name]) => name);
  if (given.length > 1) {
    const expected = 'one of content, json, form and multipart';
    throw new InvalidArgumentValueError('the content', expected, given.join(' and '));
  }
  if (json !== undefined) return { ...NO_BODY, content: jsonOf(json), type: 'application/json' };
  if (form !== undefined) {
    const parameters = new URLSearchParams();
    appendParameters('form', parameters, form);
    const type = 'application/x-www-form-urlencoded';
    return { ...NO_BODY, content: parameters.toString(), type };
  }
  if (multipart !== undefined) return multipartBody(multipart, boundary());
  return content === undefined ? NO_BODY : { ...NO_BODY, content };
}

function jsonOf(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    const hint = cause instanceof Error ? cause.message.split('\n', 1)[0] : undefined;
    throw new InvalidArgumentValueError('json', 'a value that JSON can represent', value, hint);
  }
  if (text === undefined)
    throw new InvalidArgumentTypeError('json', 'a value that JSON can represent', value);
  return text;
}
