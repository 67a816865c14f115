/** The options of `ropewalk/logger`. */
import {
  captureStreams,
  eventAsText,
  eventsFromJsonLines,
  globalLogBeginner,
  Journal,
  JSONLinesDecoder,
  jsonLinesObserver,
  LogBeginner,
  LogFile,
  Logger,
  LogPublisher,
  logReportedErrors,
  pinoDestination,
  pinoObserver,
  Syslog,
  textObserver,
} from '../../src/logger/index.js';
import { and, type Call, memory } from './option-calls.js';

const sink = { write: (): void => {} };
const event = {
  time: 0,
  level: 'info',
  namespace: '',
  format: '',
  fields: {},
  error: undefined,
} as const;

export const LOGGER_CALLS: Readonly<Record<string, readonly Call[]>> = {
  BeginLoggingOptions: [(o) => globalLogBeginner.beginLoggingTo([], o)],
  CaptureStreamsOptions: [(o) => captureStreams(o)],
  EventTextOptions: [(o) => eventAsText(event, o)],
  JournalOptions: [memory((reactor, o) => new Journal(reactor, o))],
  JSONLinesOptions: [(o) => jsonLinesObserver(sink, o)],
  JSONLinesReadOptions: [(o) => new JSONLinesDecoder(o), (o) => eventsFromJsonLines([], o).next()],
  LogBeginnerOptions: [(o) => new LogBeginner(new LogPublisher(), o)],
  LogFileOptions: [(o) => new LogFile('/nonexistent/x', o)],
  LoggerOptions: [(o) => new Logger(and(o, { namespace: '' }))],
  LogPublisherOptions: [(o) => new LogPublisher(o)],
  LogReportedErrorsOptions: [(o) => logReportedErrors(o)],
  PinoDestinationOptions: [(o) => pinoDestination(o)],
  PinoObserverOptions: [(o) => pinoObserver({} as never, o)],
  SyslogOptions: [memory((reactor, o) => new Syslog(reactor, o))],
  TextObserverOptions: [(o) => textObserver(sink, o)],
};
