/** The messages between a load run and its two programs. */

/** The argument of the programs, as JSON. */
export interface LoadOrder {
  readonly role: 'server' | 'client';
  readonly reactor: 'native' | 'node' | 'auto';
  /** The port of the server; 0 for the server itself. */
  readonly port: number;
  readonly connections: number;
  readonly messageBytes: number;
}

export interface ServerReport {
  readonly role: 'server';
  readonly port: number;
  readonly poller: string;
  readonly connections: number;
  /** Of the process: user and system, in milliseconds. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export interface ClientReport {
  readonly role: 'client';
  readonly open: number;
  /** Answered since the program began. */
  readonly messages: number;
  /** Of the times from a message to its answer since the report before; null if none was measured. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface LoadFailure {
  readonly role: 'failed';
  readonly message: string;
}

export type FromLoadProgram = ServerReport | ClientReport | LoadFailure;
