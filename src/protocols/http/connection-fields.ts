/** The fields of one connection (RFC 9110 section 7.6.1), in lower case. They are not passed on, nor those that Connection names. */

/** Those that each sender makes itself. */
export const SENDERS_FIELDS: readonly string[] = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
];

/** Also those of clients. */
export const CONNECTION_FIELDS: readonly string[] = [...SENDERS_FIELDS, 'proxy-connection', 'te'];
