/**
 * The states of a {@link ClientService} and the events that change them, as a table. Events without an entry change nothing: they
 * are calls that have no effect in that state, or come too late.
 *
 *     new ---start---> connecting --made--> preparing --prepared--> connected
 *                       ^    |               |    |                     |
 *                      due   failed        lost   unprepared            | lost
 *                       |    v               v    v                     |
 *                      waiting <--------------- failing                 |
 *                         ^---------------------------------------------+
 *
 * `stop` leads to `stopped`, by way of `disconnecting` if there is an attempt or a connection to end; `start` during that leads
 * to `restarting`, which connects as soon as that has ended.
 */

export type ClientState =
  | 'new'
  /** An attempt is in progress. */
  | 'connecting'
  /** `prepareConnection` runs. */
  | 'preparing'
  | 'connected'
  /** A connection that was not prepared is being closed. */
  | 'failing'
  /** A delayed call begins the next attempt. */
  | 'waiting'
  | 'disconnecting'
  | 'restarting'
  | 'stopped';

export type ClientEvent =
  /** Calls of the application. */
  | 'start'
  | 'stop'
  /** The attempt succeeded or failed, or was cancelled. */
  | 'made'
  | 'failed'
  /** `prepareConnection` succeeded or failed. */
  | 'prepared'
  | 'unprepared'
  /** The connection has ended. */
  | 'lost'
  /** The delayed call runs, or was dropped because the reactor was stopped. */
  | 'due'
  | 'dropped';

export const CLIENT_STATES: Readonly<
  Record<ClientState, Readonly<Partial<Record<ClientEvent, ClientState>>>>
> = {
  new: { start: 'connecting', stop: 'stopped' },
  connecting: { stop: 'disconnecting', made: 'preparing', failed: 'waiting' },
  preparing: {
    stop: 'disconnecting',
    prepared: 'connected',
    unprepared: 'failing',
    lost: 'waiting',
  },
  connected: { stop: 'disconnecting', lost: 'waiting' },
  failing: { stop: 'disconnecting', lost: 'waiting' },
  waiting: { stop: 'stopped', due: 'connecting', dropped: 'stopped' },
  disconnecting: { start: 'restarting', failed: 'stopped', lost: 'stopped' },
  restarting: { stop: 'disconnecting', failed: 'connecting', lost: 'connecting' },
  stopped: { start: 'connecting' },
};
