/** Errors of HTTP/2: those of peers have the code of the frame that answers them, those of callers are thrown at the call. */
import { RemoteProtocolError, withoutStack } from '../../core/errors/base.js';
import { COMPRESSION_ERROR } from './error-codes.js';

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
