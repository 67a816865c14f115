/**
 * `ropewalk/ident`: servers and clients of the Identification Protocol (RFC 1413), with a look-up in Linux's tables of connections.
 * All queries and answers; of character sets, UTF-8 is written, and UTF-8 and ISO 8859-1 are read.
 */
export { AnswerIncompleteError } from '../../exchange/errors.js';
export { type IdentOfOptions, ident, identOf } from './client.js';
export { IdentRefusedError, InvalidIdentMessageError } from './errors.js';
export type {
  IdentAnswer,
  IdentProblem,
  IdentQuery,
  IdentRefusal,
  IdentUser,
} from './events.js';
export { parseIdentAnswer, parseIdentQuery } from './parser.js';
export { procIdentLookup } from './proc.js';
export { serializeIdentAnswer, serializeIdentQuery } from './serializer.js';
export {
  type IdentLookup,
  type IdentRequest,
  IdentServerFactory,
  type IdentServerOptions,
} from './server.js';
