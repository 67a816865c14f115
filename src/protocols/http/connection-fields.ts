/** The fields of one connection (RFC 9110 section 7.6.1), in lower case. They are not passed on, nor those that Connection names. */

/** Each sender sets these itself. */
export const SENDERS_FIELDS: readonly string[] = [
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
];

/** With those that only clients send. */
export const CONNECTION_FIELDS: readonly string[] = [...SENDERS_FIELDS, 'proxy-connection', 'te'];
