/** The messages between the server and its pages: JSON texts over WebSocket. */
import type { LoggedEvent } from './event-log.js';
import type { LoadState } from './load-run.js';
import type { Sample } from './sampler.js';

/** A row of the table of connections. */
export interface ConnectionRow {
  readonly peer: string;
  readonly host: string;
  readonly activity: string;
  readonly state: string;
  readonly secure: boolean;
  readonly unsentBytes: number;
}

export type ToPage =
  | {
      readonly type: 'hello';
      readonly title: string;
      readonly reactor: { readonly kind: string; readonly poller: string };
      readonly node: string;
      readonly pid: number;
      readonly intervalMs: number;
      readonly meters: readonly string[];
      readonly turnLimitsMs: readonly number[];
      readonly hasWorkers: boolean;
      readonly hasChat: boolean;
      readonly hasLoadRuns: boolean;
      readonly history: readonly Sample[];
      readonly events: readonly LoggedEvent[];
      readonly load: LoadState;
    }
  | { readonly type: 'sample'; readonly sample: Sample }
  | { readonly type: 'events'; readonly events: readonly LoggedEvent[] }
  | {
      readonly type: 'connections';
      readonly total: number;
      readonly rows: readonly ConnectionRow[];
    }
  | { readonly type: 'chat'; readonly line: string }
  | { readonly type: 'chatEnded' }
  | { readonly type: 'load'; readonly load: LoadState };

export type FromPage =
  /** Whether the page shows the table of connections. */
  | { readonly type: 'watchConnections'; readonly on: boolean }
  | { readonly type: 'joinChat'; readonly nickname: string }
  | { readonly type: 'say'; readonly text: string }
  | { readonly type: 'leaveChat' }
  | { readonly type: 'startLoad' }
  | { readonly type: 'cancelLoad' };

/** @returns Undefined if the text is no message of a page. */
export function parseFromPage(text: string): FromPage | undefined {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof message !== 'object' || message === null) return undefined;
  const { type, on, nickname, text: said } = message as Record<string, unknown>;
  switch (type) {
    case 'watchConnections':
      return typeof on === 'boolean' ? { type, on } : undefined;
    case 'joinChat':
      return typeof nickname === 'string' ? { type, nickname } : undefined;
    case 'say':
      return typeof said === 'string' ? { type, text: said } : undefined;
    case 'leaveChat':
    case 'startLoad':
    case 'cancelLoad':
      return { type };
    default:
      return undefined;
  }
}
