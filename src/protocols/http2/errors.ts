/** Errors of HTTP/2: those of peers have the code of the frame that answers them, those of callers are thrown at the call. */
import { LocalProtocolError, RemoteProtocolError, withoutStack } from '../../core/errors/base.js';
import {
  COMPRESSION_ERROR,
  ENHANCE_YOUR_CALM,
  FLOW_CONTROL_ERROR,
  FRAME_SIZE_ERROR,
  PROTOCOL_ERROR,
  STREAM_CLOSED,
} from './error-codes.js';

/** Base of the errors of peers. */
export abstract class HTTP2Error extends RemoteProtocolError {
  /** The error code of the frame that answers it (RFC 9113 section 7). */
  abstract readonly errorCode: number;
}

/** Names a rule of RFC 7541 that a header block broke. */
export type HPACKRule =
  | 'huffman-eos'
  | 'huffman-padding'
  | 'index'
  | 'integer'
  | 'table-size'
  | 'table-size-missing'
  | 'table-size-position'
  | 'truncated';

const HPACK_PROBLEMS: Readonly<Record<HPACKRule, string>> = {
  'huffman-eos': 'a Huffman-coded string with the symbol EOS',
  'huffman-padding': 'a Huffman-coded string with invalid padding',
  index: 'an index without an entry',
  integer: 'an integer of more than five octets',
  'table-size': 'a dynamic table larger than SETTINGS_HEADER_TABLE_SIZE',
  'table-size-missing': 'no update of the table size although the setting was lowered',
  'table-size-position': 'an update of the table size behind a field',
  truncated: 'an end in the middle of a field',
};

/** All rules: for tests and metrics. */
export const HPACK_RULES: readonly HPACKRule[] = Object.keys(HPACK_PROBLEMS) as HPACKRule[];

/** A header block cannot be decoded. The tables of both ends differ from now on, so the connection must be closed. */
export class HPACKError extends HTTP2Error {
  override readonly name = 'HPACKError';
  override readonly code = 'ERR_HPACK';
  override readonly errorCode: number = COMPRESSION_ERROR;
  /** The broken rule. */
  readonly rule: HPACKRule;

  constructor(rule: HPACKRule) {
    super(`invalid header block: ${HPACK_PROBLEMS[rule]}`);
    this.rule = rule;
  }
}

export function hpackError(rule: HPACKRule): HPACKError {
  return withoutStack(() => new HPACKError(rule));
}

/** Names a rule of HTTP/2 that a peer broke. */
export type HTTP2Rule =
  | 'authority'
  | 'closed-stream'
  | 'connection-field'
  | 'content-length'
  | 'content-length-mismatch'
  | 'continuation-missing'
  | 'continuation-unexpected'
  | 'data-before-head'
  | 'end-of-informational'
  | 'field-name'
  | 'field-value'
  | 'frame-length'
  | 'frame-stream'
  | 'frame-too-long'
  | 'goaway-order'
  | 'host'
  | 'idle-stream'
  | 'initial-window'
  | 'method'
  | 'no-content'
  | 'padding'
  | 'path'
  | 'preface'
  | 'priority-update'
  | 'protocol'
  | 'pseudo-field'
  | 'pseudo-field-order'
  | 'pseudo-field-trailer'
  | 'push'
  | 'scheme'
  | 'setting'
  | 'settings-acknowledgement'
  | 'settings-missing'
  | 'status'
  | 'stream-order'
  | 'te'
  | 'trailer'
  | 'trailers-not-last'
  | 'tunnel'
  | 'window-exceeded'
  | 'window-increment'
  | 'window-overflow';

/** The rules of RFC 9113, RFC 8441 and RFC 9218 that a peer can break, with the error code that answers. */
const RULES: Readonly<Record<HTTP2Rule, readonly [errorCode: number, problem: string]>> = {
  authority: [PROTOCOL_ERROR, 'an invalid :authority, or none although there is a Host'],
  'closed-stream': [STREAM_CLOSED, 'a frame on a closed stream'],
  'connection-field': [PROTOCOL_ERROR, 'a field of an HTTP/1.1 connection'],
  'content-length': [PROTOCOL_ERROR, 'a Content-Length that is not one decimal number'],
  'content-length-mismatch': [PROTOCOL_ERROR, 'content of another length than Content-Length'],
  'continuation-missing': [PROTOCOL_ERROR, 'another frame inside a header block'],
  'continuation-unexpected': [PROTOCOL_ERROR, 'CONTINUATION outside a header block'],
  'data-before-head': [PROTOCOL_ERROR, 'content in front of a final response'],
  'end-of-informational': [PROTOCOL_ERROR, 'an informational response that ends the stream'],
  'field-name': [PROTOCOL_ERROR, 'a field name that is not a token in lower case'],
  'field-value': [PROTOCOL_ERROR, 'a control character or outer whitespace in a field value'],
  'frame-length': [FRAME_SIZE_ERROR, 'a frame of a length that its type does not permit'],
  'frame-stream': [PROTOCOL_ERROR, 'a stream identifier that the frame type does not permit'],
  'frame-too-long': [FRAME_SIZE_ERROR, 'a frame longer than SETTINGS_MAX_FRAME_SIZE'],
  'goaway-order': [PROTOCOL_ERROR, 'GOAWAY with a higher stream than an earlier one'],
  host: [PROTOCOL_ERROR, 'an invalid Host, or another than :authority'],
  'idle-stream': [PROTOCOL_ERROR, 'a frame on a stream that nobody has opened'],
  'initial-window': [FLOW_CONTROL_ERROR, 'SETTINGS_INITIAL_WINDOW_SIZE above 2^31 - 1'],
  method: [PROTOCOL_ERROR, 'a :method that is not a token'],
  'no-content': [PROTOCOL_ERROR, 'content in a response that cannot have any'],
  padding: [PROTOCOL_ERROR, 'padding longer than the frame'],
  path: [PROTOCOL_ERROR, 'an invalid :path'],
  preface: [PROTOCOL_ERROR, 'no preface of HTTP/2'],
  'priority-update': [PROTOCOL_ERROR, 'PRIORITY_UPDATE for a stream that a client cannot open'],
  protocol: [PROTOCOL_ERROR, ':protocol without CONNECT or without the setting for it'],
  'pseudo-field': [PROTOCOL_ERROR, 'an unknown, repeated or missing pseudo-header field'],
  'pseudo-field-order': [PROTOCOL_ERROR, 'a pseudo-header field behind other fields'],
  'pseudo-field-trailer': [PROTOCOL_ERROR, 'a pseudo-header field in a trailer section'],
  push: [PROTOCOL_ERROR, 'PUSH_PROMISE, which is disabled'],
  scheme: [PROTOCOL_ERROR, 'an invalid :scheme'],
  setting: [PROTOCOL_ERROR, 'an invalid value of a setting'],
  'settings-acknowledgement': [PROTOCOL_ERROR, 'an acknowledgement of settings that were not sent'],
  'settings-missing': [
    PROTOCOL_ERROR,
    'something other than SETTINGS first: it probably does not speak HTTP/2',
  ],
  status: [PROTOCOL_ERROR, 'an invalid :status'],
  'stream-order': [PROTOCOL_ERROR, 'a stream identifier that the peer may not open'],
  te: [PROTOCOL_ERROR, 'a TE other than trailers'],
  trailer: [PROTOCOL_ERROR, 'a trailer field that belongs in the head'],
  'trailers-not-last': [PROTOCOL_ERROR, 'a trailer section that does not end the stream'],
  tunnel: [PROTOCOL_ERROR, 'a trailer section in the tunnel of CONNECT'],
  'window-exceeded': [FLOW_CONTROL_ERROR, 'more DATA than the window permits'],
  'window-increment': [PROTOCOL_ERROR, 'WINDOW_UPDATE by 0'],
  'window-overflow': [FLOW_CONTROL_ERROR, 'a window above 2^31 - 1'],
};

/** All rules: for tests and metrics. */
export const HTTP2_RULES: readonly HTTP2Rule[] = Object.keys(RULES) as HTTP2Rule[];

/** The peer violated HTTP/2. */
export class HTTP2ProtocolError extends HTTP2Error {
  override readonly name = 'HTTP2ProtocolError';
  override readonly code = 'ERR_HTTP2_PROTOCOL';
  override readonly errorCode: number;
  /** The broken rule. */
  readonly rule: HTTP2Rule;
  /** The stream that ends; 0 for the connection. */
  readonly streamId: number;

  constructor(rule: HTTP2Rule, streamId: number) {
    const [errorCode, problem] = RULES[rule];
    super(`the HTTP/2 peer sent ${problem}${streamId === 0 ? '' : ` (stream ${streamId})`}`);
    this.rule = rule;
    this.errorCode = errorCode;
    this.streamId = streamId;
  }
}

/** @param streamId Default 0: the connection ends. */
export function protocolError(rule: HTTP2Rule, streamId = 0): HTTP2ProtocolError {
  return withoutStack(() => new HTTP2ProtocolError(rule, streamId));
}

/** Names a limit of an HTTP/2 connection. */
export type HTTP2Limit =
  | 'maxContinuations'
  | 'maxEmptyData'
  | 'maxFields'
  | 'maxHeaderBlockBytes'
  | 'maxHeaderListBytes'
  | 'maxInformational'
  | 'maxPings'
  | 'maxPriorities'
  | 'maxResets'
  | 'maxSettings'
  | 'maxStalledIntervals'
  | 'maxTinyFrames'
  | 'maxUnknownFrames'
  | 'maxWindowUpdates';

const LIMITS: Readonly<Record<HTTP2Limit, string>> = {
  maxContinuations: 'CONTINUATION frames in a header block',
  maxEmptyData: 'empty DATA frames in one interval',
  maxFields: 'field lines in a field section',
  maxHeaderBlockBytes: 'bytes in an encoded header block',
  maxHeaderListBytes: 'bytes in a field section',
  maxInformational: 'informational responses to one request',
  maxPings: 'PING frames in one interval',
  maxPriorities: 'PRIORITY and PRIORITY_UPDATE frames in one interval',
  maxResets: 'streams that were reset in one interval',
  maxSettings: 'SETTINGS frames in one interval',
  maxStalledIntervals: 'intervals in which the peer accepted hardly any content',
  maxTinyFrames: 'DATA frames in one interval that its windows made tiny',
  maxUnknownFrames: 'frames of unknown types in one interval',
  maxWindowUpdates: 'needless WINDOW_UPDATE frames in one interval',
};

/** All limits: for tests and metrics. */
export const HTTP2_LIMITS: readonly HTTP2Limit[] = Object.keys(LIMITS) as HTTP2Limit[];

/** The peer exceeded a limit. */
export class HTTP2LimitError extends HTTP2Error {
  override readonly name = 'HTTP2LimitError';
  override readonly code = 'ERR_HTTP2_LIMIT';
  override readonly errorCode: number = ENHANCE_YOUR_CALM;
  /** The option that was exceeded. */
  readonly option: HTTP2Limit;
  /** Its value. */
  readonly limit: number;
  /** The stream that ends; 0 for the connection. */
  readonly streamId: number;

  constructor(option: HTTP2Limit, limit: number, streamId: number) {
    super(`the HTTP/2 peer exceeded ${option}: more than ${limit} ${LIMITS[option]}`);
    this.option = option;
    this.limit = limit;
    this.streamId = streamId;
  }
}

/** @param streamId Default 0: the connection ends. */
export function limitExceeded(limit: HTTP2Limit, max: number, streamId = 0): HTTP2LimitError {
  return withoutStack(() => new HTTP2LimitError(limit, max, streamId));
}

/** A call does not fit into the state of the stream or connection. Nothing was sent. */
export class HTTP2SequenceError extends LocalProtocolError {
  override readonly name = 'HTTP2SequenceError';
  override readonly code = 'ERR_HTTP2_SEQUENCE';
}
