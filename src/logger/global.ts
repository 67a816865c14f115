/** The publisher of loggers that have no other. */
import { LogBeginner } from './beginner.js';
import { LogPublisher } from './publisher.js';

/** The publisher of loggers that were created without one, in this thread. {@link globalLogBeginner} gives it observers. */
export const globalLogPublisher: LogPublisher = new LogPublisher();

/** Keeps the events of {@link globalLogPublisher} until the program has chosen its observers. */
export const globalLogBeginner: LogBeginner = new LogBeginner(globalLogPublisher);
