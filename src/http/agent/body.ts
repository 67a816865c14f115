/** Content that is ready to be sent. */
import type { AgentContent } from './agent-request.js';

export interface Body {
  readonly content: AgentContent | undefined;
  /** Of content in pieces. */
  readonly contentLength: number | undefined;
  /** The value of Content-Type. */
  readonly type: string | undefined;
}
