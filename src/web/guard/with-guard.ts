/** Logins with each request, by the Authorization field, around a resource. */
import { InvalidArgumentTypeError } from '../../core/errors/arguments.js';
import type { AnyChecker, CredentialsOf } from '../../cred/checker.js';
import { Anonymous, type Credentials } from '../../cred/credentials.js';
import {
  InvalidCredentialsError,
  LoginFailedError,
  NoAvatarError,
  TooManyLoginsError,
} from '../../cred/errors.js';
import type { AvatarTypeOf, Portal } from '../../cred/portal.js';
import type { AnyRealm, AvatarIdOf, AvatarsOf } from '../../cred/realm.js';
import type { Session } from '../../cred/session.js';
import { checkFunction, checkObject, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import type { ContextKey } from '../context-key.js';
import { checkResource, type Resource, type WebContext } from '../web-context.js';
import type { WebResult } from '../web-result.js';
import {
  cancelledWith,
  checkAvatarKey,
  checkPortal,
  checkTypes,
  forbid,
  logOutAtEnd,
  noteUser,
  peerOf,
  peerOption,
  reasonOf,
  retryAfterSeconds,
} from './login-context.js';
import type { GuardScheme } from './schemes.js';

export interface GuardOptions<
  R extends AnyRealm,
  Checker extends AnyChecker<AvatarIdOf<R>>,
  Type extends AvatarTypeOf<R>,
> {
  readonly portal: Portal<R, Checker>;
  /** Offered to clients in this order. */
  readonly schemes: readonly GuardScheme<CredentialsOf<Checker>>[];
  /** Where the resource finds the avatar: `context.get(avatar)`. */
  readonly avatar: ContextKey<AvatarsOf<R>[Type]>;
  /** The types of avatars that the resource can use, in order of preference. Default: any. */
  readonly types?: readonly Type[];
  /**
   * The address of the client, for limits of guesses. Default: the other end of the connection, which is the proxy if there is one:
   * pass a function that reads the field of a proxy that you trust.
   */
  readonly peerOf?: (context: WebContext) => string | undefined;
}

type AnyGuardOptions = GuardOptions<AnyRealm, AnyChecker<never>, never>;

const OPTIONS: OptionNames<AnyGuardOptions> = {
  portal: true,
  schemes: true,
  avatar: true,
  types: true,
  peerOf: true,
};

/**
 * Lets only users who log in reach a resource. The user logs in with each request, and is logged out at its end, after an upgrade at the
 * end of the connection. Others are answered with 401 and the challenges of the schemes, the same for unknown users and wrong
 * passwords; with 429 and Retry-After if they have tried too often (`limitGuesses`); with 403 if they have no avatar of the given types. If the portal accepts `Anonymous`, requests without
 * credentials are those of nobody in particular.
 *
 * `request.user`, which the access log shows, is the avatar id if that is a string or a number. Resources may set it for other ids.
 *
 * Browsers send credentials of Basic and Digest with requests that other sites cause: put `withCSRF` inside for resources that change
 * something.
 *
 * @example
 * const USER = contextKey<User>('user');
 * const guarded = withGuard(resource, { portal, schemes: [basicScheme('files')], avatar: USER });
 * @throws InvalidArgumentTypeError, UnknownOptionError
 */
export function withGuard<
  R extends AnyRealm,
  Checker extends AnyChecker<AvatarIdOf<R>>,
  Type extends AvatarTypeOf<R> = AvatarTypeOf<R>,
>(resource: Resource, options: GuardOptions<R, Checker, Type>): Resource {
  checkResource('resource', resource);
  const guard = new Guard(options as unknown as AnyGuardOptions);
  return { isLeaf: true, render: (context) => guard.render(resource, context) };
}

class Guard {
  readonly #portal: Portal<AnyRealm, AnyChecker<never>>;
  readonly #schemes: readonly GuardScheme[];
  readonly #avatar: ContextKey<unknown>;
  readonly #types: readonly never[];
  readonly #peerOf: (context: WebContext) => string | undefined;

  constructor(options: AnyGuardOptions) {
    checkOptions('withGuard', options, OPTIONS);
    const { portal, schemes, avatar, types = [] } = options;
    this.#peerOf = options.peerOf ?? peerOf;
    this.#portal = checkPortal(portal);
    this.#avatar = checkAvatarKey(avatar);
    this.#types = checkTypes(types);
    checkFunction('peerOf', this.#peerOf);
    if (!Array.isArray(schemes) || schemes.length === 0) {
      throw new InvalidArgumentTypeError('schemes', 'an array that is not empty', schemes);
    }
    for (const scheme of schemes as readonly GuardScheme[]) {
      checkObject('a scheme', scheme);
      checkString('the name of a scheme', scheme.scheme);
      checkFunction('decode of a scheme', scheme.decode);
      checkFunction('challenges of a scheme', scheme.challenges);
    }
    this.#schemes = schemes as readonly GuardScheme[];
  }

  async render(resource: Resource, context: WebContext): Promise<WebResult> {
    const session = await this.#login(context);
    if (session === undefined) return undefined;
    noteUser(context, session.avatarId);
    logOutAtEnd(context, session);
    context.set(this.#avatar, session.avatar);
    return context.delegate(resource);
  }

  /** Undefined if it has answered. */
  async #login(context: WebContext): Promise<Session<string, unknown> | undefined> {
    let scheme: GuardScheme | undefined;
    try {
      const [field, ...others] = context.request.fields('authorization');
      if (others.length > 0) throw new InvalidCredentialsError('several Authorization fields');
      scheme = field === undefined ? undefined : this.#schemeOf(field);
      const credentials = scheme?.decode(field as string, context) ?? this.#anonymous(field);
      if (credentials === undefined) return this.#refuse(context, undefined, undefined);
      const options = { types: this.#types, ...peerOption(this.#peerOf(context)) };
      const login = this.#portal.login(credentials as never, options);
      return (await cancelledWith(context, login)) as Session<string, unknown>;
    } catch (error) {
      if (error instanceof NoAvatarError && this.#types.length > 0) {
        return forbid(context, error.message);
      }
      const isRefusal =
        error instanceof LoginFailedError || error instanceof InvalidCredentialsError;
      if (!isRefusal) throw reasonOf(context, error);
      return this.#refuse(context, scheme, error);
    }
  }

  #schemeOf(field: string): GuardScheme | undefined {
    const [name = ''] = field.split(' ', 1);
    return this.#schemes.find(({ scheme }) => scheme === name.toLowerCase());
  }

  #anonymous(field: string | undefined): Credentials | undefined {
    return field === undefined && this.#portal.kinds.includes('anonymous')
      ? new Anonymous()
      : undefined;
  }

  #refuse(
    context: WebContext,
    scheme: GuardScheme | undefined,
    problem: Error | undefined,
  ): undefined {
    const { response } = context;
    if (problem instanceof TooManyLoginsError) {
      context.logRefusal('info', 429, `withGuard: ${problem.message}`);
      response.setField('Retry-After', retryAfterSeconds(problem)).sendStatus(429);
      return;
    }
    // Browsers ask for the challenge first.
    if (problem === undefined)
      context.logRefusal('debug', 401, 'withGuard: no credentials for its schemes');
    else context.logRefusal('info', 401, `withGuard: ${problem.message}`);
    const challenges = this.#schemes.flatMap((one) =>
      one.challenges(one === scheme ? problem : undefined),
    );
    response.setField('WWW-Authenticate', challenges).sendStatus(401);
  }
}
