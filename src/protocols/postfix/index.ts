/**
 * `ropewalk/postfix`: servers and a client of the table protocols of Postfix, tcp_table(5) and socketmap_table(5). Both are complete. Text is
 * UTF-8.
 */
export { AnswerIncompleteError } from '../../exchange/errors.js';
export { lookUpInTable, type TableLookupOptions } from './client.js';
export type { TableProtocol } from './dialects.js';
export { quoteTableText, unquoteTableText } from './encoding.js';
export { InvalidTableMessageError, type TableFailure, TableLookupError } from './errors.js';
export type { TableReply, TableRequest } from './events.js';
export { type TableLookup, TableServerFactory, type TableServerOptions } from './server.js';
