/** Errors of XML. */
import { LocalProtocolError, RemoteProtocolError } from '../../core/errors/base.js';

/** The peer sent text that is not well-formed XML with namespaces, or that contains what {@link XMLParser} refuses. */
export class InvalidXMLError extends RemoteProtocolError {
  override readonly name = 'InvalidXMLError';
  override readonly code = 'ERR_INVALID_XML';
  /** The fault, in a few words. It contains no text of the peer except names of elements and attributes. */
  readonly problem: string;
  /** Where the token begins, in UTF-16 code units from the beginning of the text. */
  readonly offset: number;

  constructor(problem: string, offset: number, options?: ErrorOptions) {
    super(`invalid XML at character ${offset}: ${problem}`, options);
    this.problem = problem;
    this.offset = offset;
  }
}

/** The options of an XML parser that limit what it keeps. */
export type XMLLimit = 'maxDepth' | 'maxTagLength' | 'maxAttributes' | 'maxNamespaces';

/** The peer sent XML that exceeds a limit. */
export class XMLLimitError extends RemoteProtocolError {
  override readonly name = 'XMLLimitError';
  override readonly code = 'ERR_XML_LIMIT';
  /** The option that was exceeded. */
  readonly option: XMLLimit;
  readonly limit: number;
  /** As {@link InvalidXMLError.offset}. */
  readonly offset: number;

  constructor(option: XMLLimit, limit: number, offset: number) {
    super(`XML exceeds a limit at character ${offset}: ${option} is ${limit}`);
    this.option = option;
    this.limit = limit;
    this.offset = offset;
  }
}

/** Text contains a character that XML cannot represent, such as NUL or an unpaired surrogate. Nothing was sent. */
export class InvalidXMLOutputError extends LocalProtocolError {
  override readonly name = 'InvalidXMLOutputError';
  override readonly code = 'ERR_INVALID_XML_OUTPUT';

  constructor(what: string) {
    super(`${what} contains a character that XML does not have; send it as base64`);
  }
}
