/** Content in pieces that is not sent to its end. */
import { isThenable } from '../../defer/thenable.js';
import { reportError } from '../../internal/error-report.js';
import { type AnyIterator, iteratorOf } from '../../internal/iterator-of.js';
import type { HTTPContent } from '../../protocols/http/message-serializer.js';
import type { ContentPieces } from './client-request.js';

const WHERE = 'the content of an HTTP request';

/**
 * The source can free its resources at once, even if a piece is waited for. A stream of Node is destroyed: its iterator is a generator,
 * which does not end the stream if it was not begun, and not before the next piece if one is waited for.
 *
 * @param iterator Of `pieces`; undefined if the iteration was not begun.
 */
export function leavePieces(
  pieces: ContentPieces,
  iterator: AnyIterator<HTTPContent> | undefined,
): void {
  const stream = pieces as { destroy?: unknown };
  const isStream = typeof stream.destroy === 'function';
  try {
    const begun = iterator ?? (isStream ? undefined : iteratorOf(pieces));
    const left = begun?.return?.();
    if (isThenable(left)) left.then(undefined, (error: unknown) => reportError(error, WHERE));
    if (isStream) (stream as { destroy(): unknown }).destroy();
  } catch (error) {
    reportError(error, WHERE);
  }
}
