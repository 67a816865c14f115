/** Errors of the layers of an agent. */
import { RopewalkError } from '../../core/errors/base.js';
import { BodyError } from '../errors.js';

/** Why a redirection was not followed. */
export type RedirectRule =
  | 'refused'
  | 'limit'
  | 'location'
  | 'scheme'
  | 'insecure'
  | 'content-once';

const PROBLEMS: Readonly<Record<RedirectRule, string>> = {
  refused: "the request has redirect: 'error'",
  limit: 'it exceeds maxRedirects',
  location: 'its Location is malformed, or occurs twice',
  scheme: 'its scheme is neither http nor https',
  insecure: 'it leads from https to http; set allowInsecureRedirects to permit that',
  'content-once': 'the content of the request was sent in pieces, which cannot be sent again',
};

/** A server redirects a request to where it must not, or cannot, be sent. */
export class HTTPRedirectError extends RopewalkError {
  override readonly name = 'HTTPRedirectError';
  override readonly code = 'ERR_HTTP_REDIRECT';
  /** The status that a gateway answers its own client. */
  readonly status: number = 502;
  readonly rule: RedirectRule;
  /** The URL that redirects. */
  readonly url: string;
  /** Where to: an absolute URL without a user if it could be parsed, and otherwise the value of Location. */
  readonly location: string;
  /** The option that was exceeded, if `rule` is `limit`. */
  readonly option: 'maxRedirects' | undefined;
  /** Its value. */
  readonly limit: number | undefined;

  /** @param maxRedirects Given if `rule` is `limit`. */
  constructor(rule: RedirectRule, url: string, location: string, maxRedirects?: number) {
    super(`a redirection from ${url} was not followed: ${PROBLEMS[rule]}`);
    this.rule = rule;
    this.url = url;
    this.location = location;
    this.option = maxRedirects === undefined ? undefined : 'maxRedirects';
    this.limit = maxRedirects;
  }
}

/** Decoded content is longer, compared with the received bytes, than `maxDecodedRatio` permits: perhaps a decompression bomb. */
export class DecodedRatioError extends BodyError {
  override readonly name = 'DecodedRatioError';
  override readonly code = 'ERR_DECODED_RATIO';
  override readonly status = 502;
  /** The option that was exceeded. */
  readonly option = 'maxDecodedRatio';
  /** Its value. */
  readonly limit: number;

  constructor(limit: number) {
    super(`the peer sent content that is more than ${limit} times as long after decompression`);
    this.limit = limit;
  }
}
