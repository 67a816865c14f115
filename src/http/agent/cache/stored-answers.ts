/** Answers that are made of stored responses. */

import { parseHttpDate } from '../../dates.js';
import { CONTENT_FIELDS } from '../../field-names.js';
import { AgentResponse } from '../agent-response.js';
import { fieldOf } from '../field-list.js';
import type { CacheRequest } from './cache-request.js';
import { CacheStatus } from './cache-status.js';
import { ageMs } from './freshness.js';
import { StoredContent } from './stored-content.js';
import { StoredFacts, type StoredResponse } from './stored-response.js';

const NO_CONTENT: Buffer = Buffer.alloc(0);
const MAX_AGE_SECONDS = 2 ** 31;

/** 304 if the caller has the stored version already; without content if the method is HEAD. */
export function answerFrom(
  asked: CacheRequest,
  { head, content }: StoredResponse,
  nowMs: number,
  status: CacheStatus,
): AgentResponse {
  const { href } = asked.request.url;
  const age = Math.min(Math.floor(ageMs(head, nowMs) / 1_000), MAX_AGE_SECONDS);
  const fields = [...head.fields, ['Age', `${age}`] as const];
  if (asked.isConditional && head.status === 200) {
    const tag = fieldOf(head.fields, 'etag');
    const modified = parseHttpDate(fieldOf(head.fields, 'last-modified') ?? '', nowMs);
    if (asked.hasCurrent(tag, modified, nowMs)) {
      const kept = fields.filter(([name]) => !CONTENT_FIELDS.has(name.toLowerCase()));
      const facts = { status: 304, reason: 'Not Modified', version: head.version };
      const none = new StoredContent(NO_CONTENT);
      return new AgentResponse(href, new StoredFacts(facts, kept), none, [], status);
    }
  }
  const sent = new StoredContent(asked.isHead ? NO_CONTENT : content);
  return new AgentResponse(href, new StoredFacts(head, fields), sent, [], status);
}

/** The answer to `only-if-cached` if nothing is stored that may be used (RFC 9111 section 5.2.1.7). */
export function unavailable({ request }: CacheRequest): AgentResponse {
  const facts = { status: 504, reason: 'Gateway Timeout', version: '1.1' } as const;
  const head = new StoredFacts(facts, [['Content-Length', '0']]);
  return new AgentResponse(
    request.url.href,
    head,
    new StoredContent(NO_CONTENT),
    [],
    new CacheStatus({}),
  );
}
