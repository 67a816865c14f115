/** An observer that sends events to systemd's journal, with their fields (https://systemd.io/JOURNAL_NATIVE_PROTOCOL). */
import type { Clock } from '../core/clock.js';
import type { ReactorUNIXDatagram } from '../core/reactor-unix-datagram.js';
import { checkClock, checkString } from '../internal/check.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import type { LogEvent } from './event.js';
import { formatEvent } from './format.js';
import { jsonText } from './json-text.js';
import { LogService, WireTrouble } from './log-wire.js';
import { DEFAULT_REDACTION, REDACTED, type Redaction } from './redaction.js';
import { limitedBytes, SYSLOG_SEVERITY } from './syslog-format.js';
import { errorText } from './text.js';
import { UNIXWire } from './unix-wire.js';
import { valueText } from './value-text.js';

export interface JournalOptions {
  /** The path of the journal's socket. Default `/run/systemd/journal/socket`. */
  readonly path?: string;
  /** SYSLOG_IDENTIFIER, the name of the program in the journal. Default `ropewalk`. */
  readonly identifier?: string;
  /** Default: that of {@link SECRET_FIELDS}. */
  readonly redaction?: Redaction;
}

const NAMES: OptionNames<JournalOptions> = { path: true, identifier: true, redaction: true };

/** A larger datagram does not fit into the default buffer of a socket, with which the journal is reached. */
const MAX_BYTES = 128 * 1024;
const MAX_VALUE_BYTES = 32 * 1024;
/** Names that the journal or this observer gives a meaning. */
const RESERVED = /^(?:MESSAGE|MESSAGE_ID|PRIORITY|CODE_.*|ERRNO|SYSLOG_.*|NAMESPACE|ERROR_STACK)$/;

/**
 * Sends events to the journal: `publisher.addObserver(journal.observe)`. MESSAGE is the message, PRIORITY the severity of syslog, NAMESPACE
 * the namespace, ERROR_STACK the stacks of an error, and each field `userName` becomes USERNAME. Native reactor only.
 */
export class Journal extends LogService {
  /**
   * @throws ConnectError there is no journal.
   * @throws UnsupportedError the reactor has no UNIX datagrams.
   * @throws InvalidArgumentTypeError, UnknownOptionError
   */
  constructor(reactor: ReactorUNIXDatagram & Clock, options: JournalOptions = {}) {
    checkClock('reactor', reactor);
    checkOptions('Journal', options, NAMES);
    const { path = '/run/systemd/journal/socket', identifier = 'ropewalk' } = options;
    const { redaction = DEFAULT_REDACTION } = options;
    checkString('path', path);
    checkString('identifier', identifier);
    const trouble = new WireTrouble(path);
    const wire = new UNIXWire(reactor, path, trouble);
    super(wire, trouble, function sendToJournal(event: LogEvent): void {
      if (!wire.send(journalEntry(event, identifier, redaction))) trouble.drop();
    });
  }
}

/** The datagram of an event. Fields that do not fit are left out, and long values are cut. */
export function journalEntry(event: LogEvent, identifier: string, redaction: Redaction): Buffer {
  const { level, namespace, fields, error } = event;
  const parts = [
    field('MESSAGE', formatEvent(event, redaction)),
    field('PRIORITY', String(SYSLOG_SEVERITY[level])),
    field('SYSLOG_IDENTIFIER', identifier),
    field('NAMESPACE', namespace),
  ];
  if (error !== undefined) parts.push(field('ERROR_STACK', errorText(error)));
  let size = parts.reduce((sum, part) => sum + part.length, 0);
  for (const [name, value] of Object.entries(fields)) {
    const key = fieldName(name);
    if (value === undefined || key === '') continue;
    const part = field(key, redaction.isSecret(name) ? REDACTED : textOf(value, redaction));
    size += part.length;
    if (size > MAX_BYTES) break;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function textOf(value: unknown, redaction: Redaction): string {
  if (typeof value === 'string') return value;
  const isObject = typeof value === 'object' && value !== null;
  return isObject ? (jsonText(value, redaction) ?? '') : valueText(value, redaction);
}

/** Letters, digits and underscores, not first: names that begin with an underscore are the journal's own. */
function fieldName(name: string): string {
  const key = name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9_]/g, '_')
    .replace(/^[_0-9]+/, '')
    .slice(0, 58);
  return RESERVED.test(key) ? `FIELD_${key}` : key;
}

/** `NAME=value`, or with newlines the name, the length in 64 bits little-endian, and the value. */
function field(name: string, value: string): Buffer {
  const bytes = limitedBytes(value, MAX_VALUE_BYTES);
  if (!value.includes('\n')) return Buffer.concat([Buffer.from(`${name}=`), bytes, NEWLINE]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, NEWLINE]);
}

const NEWLINE = Buffer.from('\n');
