/** How a route of a mock agent answers. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import {
  type AgentFields,
  type FieldList,
  fieldList,
  fieldOf,
} from '../../http/agent/field-list.js';
import { checkInteger, checkMilliseconds, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { contentBytes, type HTTPContent } from '../../protocols/http/message-serializer.js';
import { mayHaveContent } from '../../protocols/http/response-framing.js';
import type { MockCall } from './mock-call.js';

/** A response. */
export interface MockReply {
  /** 200 to 999. Default 200. */
  readonly status?: number;
  /** Default: the standard one. */
  readonly reason?: string;
  /** Default: none. */
  readonly fields?: AgentFields;
  /** Text is sent in UTF-8. Default: none. */
  readonly content?: HTTPContent;
  /** A value that is sent as JSON, in place of `content`. */
  readonly json?: unknown;
  /** Time from the end of the request to the response, in milliseconds of the agent's clock. Default 0: at once, without the clock. */
  readonly delayMs?: number;
}

/** A response that is broken off. */
export interface MockFault extends MockReply {
  /** The bytes of content that are sent before the fault, behind the head. Default: the fault precedes the response. */
  readonly afterBytes?: number;
}

const REPLY: OptionNames<MockReply> = {
  status: true,
  reason: true,
  fields: true,
  content: true,
  json: true,
  delayMs: true,
};

const FAULT: OptionNames<MockFault> = { ...REPLY, afterBytes: true };

/** A reply with its defaults. */
export interface Answer {
  readonly status: number;
  readonly reason: string | undefined;
  readonly fields: FieldList;
  readonly content: HTTPContent;
  readonly delayMs: number;
  /** Undefined: none is sent. */
  readonly afterBytes: number | undefined;
}

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
export function checkReply(what: string, reply: MockFault, isFault = false): Answer {
  if (isFault) checkOptions(what, reply, FAULT);
  else checkOptions<MockReply>(what, reply, REPLY);
  const { status = 200, reason, fields = [], content, json, delayMs = 0, afterBytes } = reply;
  checkInteger('status', status, 200, 999);
  if (reason !== undefined) checkString('reason', reason);
  checkMilliseconds('delayMs', delayMs);
  if (json !== undefined && content !== undefined) {
    throw new InvalidArgumentValueError('content', 'left out with json', content);
  }
  const whole = json === undefined ? (content ?? '') : JSON.stringify(json);
  const length = contentBytes(whole);
  if (length > 0 && !mayHaveContent(status)) {
    throw new InvalidArgumentValueError('content', `left out with the status ${status}`, content);
  }
  if (afterBytes !== undefined) checkInteger('afterBytes', afterBytes, 0, length);
  const list = fieldList(fields);
  const isTyped = json === undefined || fieldOf(list, 'content-type') !== undefined;
  return {
    status,
    reason,
    fields: isTyped ? list : [['Content-Type', 'application/json'], ...list],
    content: whole,
    delayMs,
    afterBytes,
  };
}

/** The reaction of a route to a request. */
export type Behaviour =
  | { readonly kind: 'refuse'; readonly delayMs: number }
  | { readonly kind: 'reply'; readonly answerTo: (call: MockCall) => Answer }
  | { readonly kind: 'reset' | 'stall'; readonly answer: Answer };
