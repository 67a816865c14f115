/** The diagnostics channel of events. */
import { type Channel, channel } from 'node:diagnostics_channel';

/**
 * `ropewalk.log`: each event of each logger in this thread, whatever its publisher, before the observers receive it. Its messages are of
 * type `LogEvent`.
 */
export const logChannel: Channel = channel('ropewalk.log');
