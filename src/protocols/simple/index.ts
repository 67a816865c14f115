/**
 * `ropewalk/simple`: servers of echo (RFC 862), discard (863), chargen (864), the quote of the day (865), daytime (867) and time (868) over
 * streams and, on request, UDP; and clients of the last three over streams. Omitted: clients over UDP, whose answers anyone can forge.
 */
export { AnswerTooLongError } from '../../exchange/errors.js';
export { askDaytime, askQuote, askTime } from './client.js';
export { type SimpleDatagramOptions, SimpleDatagramServer } from './datagram-server.js';
export { InvalidTimeAnswerError } from './errors.js';
export type { SimpleService } from './events.js';
export { quoteBytes } from './serializer.js';
export { SimpleServerFactory, type SimpleServerOptions } from './server.js';
export { daytimeBytes, parseTime, timeBytes } from './times.js';
