/** The heads and trailer sections of requests, whatever the version of HTTP. */
import type { FieldSection } from '../protocols/http/field-section.js';
import type { HTTPVersion, RequestHead } from '../protocols/http/heads.js';

/** A received field section: see {@link FieldSection}. Without `keep`, it may be read only until the handler has answered. */
export interface ReceivedSection
  extends Omit<Pick<FieldSection, keyof FieldSection>, 'keep' | 'release'> {
  keep(): ReceivedSection;
}

/** The head of a received request: see {@link RequestHead}. */
export interface ReceivedHead
  extends Omit<Pick<RequestHead, keyof RequestHead>, 'keep' | 'release' | 'version'> {
  readonly version: HTTPVersion;
  /** Of extended CONNECT in HTTP/2 (RFC 8441), such as `websocket`. */
  readonly protocol?: string | undefined;
  keep(): ReceivedHead;
}
