/**
 * `ropewalk/finger`: servers and clients of finger (RFC 1288). All queries: users, lists of users, `/W` and forwarding, the last two
 * refused by default. Omitted on purpose: the vending machines of section 2.5.5, and programs that run for a query (section 3.2.5).
 */
export { AnswerTooLongError } from '../../exchange/errors.js';
export { type FingerOptions, finger } from './client.js';
export { InvalidFingerQueryError } from './errors.js';
export type { FingerQuery } from './events.js';
export { parseFingerQuery } from './parser.js';
export { serializeFingerAnswer, serializeFingerQuery } from './serializer.js';
export {
  type FingerForward,
  type FingerLookup,
  type FingerRequest,
  FingerServerFactory,
  type FingerServerOptions,
} from './server.js';
