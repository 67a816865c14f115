/** Choice of a content coding by the Accept-Encoding field (RFC 9110 section 12.5.3). */
import { constants } from 'node:zlib';
import { parseParameterized, splitOutsideQuotes, weightOf } from './field-values.js';

/** A content coding with a name of IANA's registry: gzip and deflate (RFC 9110 section 8.4.1), br (RFC 7932), zstd (RFC 8878). */
export type ContentCoding = 'br' | 'zstd' | 'gzip' | 'deflate';

/** Whether this Node can compress and decompress with zstd: from 22.15 and 23.8 on. */
export const HAS_ZSTD: boolean = 'ZSTD_e_end' in constants;

/** The codings that this Node supports, the preferred one first. */
export const CONTENT_CODINGS: readonly ContentCoding[] = HAS_ZSTD
  ? ['br', 'zstd', 'gzip', 'deflate']
  : ['br', 'gzip', 'deflate'];

/**
 * The available codings that the client accepts and does not like less than `identity`, in the order in which it prefers them, and
 * `identity` unless it is refused. Codings with equal weights keep the order of `available`. Without a field the client accepts
 * everything, but may not expect a coding: only `identity` is returned. Malformed elements are ignored.
 *
 * An empty list means that nothing is acceptable: answer with 406, or without a coding anyway.
 */
export function acceptedCodings<C extends string>(
  field: string | undefined,
  available: readonly C[],
): readonly (C | 'identity')[] {
  if (field === undefined) return ['identity'];
  const weights = weightsOf(field);
  const others = weights.get('*');
  const own = weights.get('identity');
  // Unless it is listed, identity has no weight: any accepted coding is preferred, and only `*;q=0` refuses it.
  const acceptsIdentity = own === undefined ? others !== 0 : own > 0;
  const weightOfCoding = (coding: C): number => weights.get(coding) ?? others ?? 0;
  const accepted: (C | 'identity')[] = available.filter(
    (coding) => weightOfCoding(coding) > 0 && weightOfCoding(coding) >= (own ?? 0),
  );
  accepted.sort((a, b) => weightOfCoding(b as C) - weightOfCoding(a as C));
  if (acceptsIdentity) accepted.push('identity');
  return accepted;
}

/** In thousandths, by coding in lower case. */
function weightsOf(field: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const element of splitOutsideQuotes(field, ',')) {
    const parsed = parseParameterized(element);
    const weight = parsed && weightOf(parsed);
    if (parsed === undefined || weight === undefined) continue;
    const coding = parsed.value.toLowerCase();
    // RFC 9110 section 8.4.1.3: an alias.
    weights.set(coding === 'x-gzip' ? 'gzip' : coding, weight);
  }
  return weights;
}
