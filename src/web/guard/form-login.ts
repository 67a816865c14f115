/** Logins by a form: the session of the browser remembers who the user is. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import type { AnyChecker } from '../../cred/checker.js';
import { UsernamePassword } from '../../cred/credentials.js';
import { LoginFailedError, NoAvatarError, TooManyLoginsError } from '../../cred/errors.js';
import type { AvatarTypeOf, Portal } from '../../cred/portal.js';
import type { AnyRealm, AvatarIdOf, AvatarsOf } from '../../cred/realm.js';
import type { Session } from '../../cred/session.js';
import { checkFunction, checkString } from '../../internal/check.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { byMethod } from '../by-method.js';
import type { ContextKey } from '../context-key.js';
import { CSRF_SECRET } from '../csrf/csrf-secrets.js';
import { requestOrigin } from '../csrf/request-origin.js';
import { Form } from '../forms/form.js';
import { field } from '../forms/form-fields.js';
import { localLocation, redirect } from '../redirect.js';
import { querySuffix } from '../redirect-to-slash.js';
import { SessionKey } from '../sessions/session-key.js';
import { sessionOf } from '../sessions/with-sessions.js';
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

/** The facts that the page of a login shows. */
export interface LoginPage {
  /** Why the last attempt failed: `wrong`: name or password; `too-many`: attempts. Undefined at first. */
  readonly problem: 'wrong' | 'too-many' | undefined;
  /** The name that was sent; empty at first. */
  readonly username: string;
  /** The path to which the user goes after the login: the value of the hidden field `next`. */
  readonly next: string;
}

export interface FormLoginOptions<
  R extends AnyRealm,
  Checker extends AnyChecker<AvatarIdOf<R>>,
  Type extends AvatarTypeOf<R>,
> {
  /** It accepts names and passwords. The ids of its avatars survive JSON: they are stored in sessions. */
  readonly portal: Portal<R, Checker>;
  /** Where resources find the avatar: `context.get(avatar)`. */
  readonly avatar: ContextKey<AvatarsOf<R>[Type]>;
  /** The types of avatars that the resources can use, in order of preference. Default: any. */
  readonly types?: readonly Type[];
  /** The path at which {@link FormLogin.form} is, such as `/login`. */
  readonly loginPath: string;
  /**
   * Makes the page with the form, which sends `username`, `password`, `next` and, inside `withCSRF`, `csrfField` to the same path by POST.
   */
  readonly page: (login: LoginPage, context: WebContext) => WebResult | PromiseLike<WebResult>;
  /** The path after a login that no other page asked for. Default `/`. */
  readonly afterLogin?: string;
  /** The path after the logout. Default `/`. */
  readonly afterLogout?: string;
  /** The address of the client, for limits of guesses: see {@link GuardOptions}. */
  readonly peerOf?: (context: WebContext) => string | undefined;
}

type AnyOptions = FormLoginOptions<AnyRealm, AnyChecker<never>, never>;

const OPTIONS: OptionNames<AnyOptions> = {
  portal: true,
  avatar: true,
  types: true,
  loginPath: true,
  page: true,
  afterLogin: true,
  afterLogout: true,
  peerOf: true,
};

const MAX_NEXT_LENGTH = 2_000;
const FORM = new Form({
  username: field.text({ maxLength: 1_024, trim: false }),
  password: field.secret({ maxLength: 4_096 }),
  next: field.text({ maxLength: MAX_NEXT_LENGTH, required: false }),
});
/** The avatar id of the user who has logged in. */
const LOGIN: SessionKey<{ readonly id: unknown }> = new SessionKey('$login');

/**
 * A login by a form, for sites in `withSessions`, and in `withCSRF` inside it.
 *
 * At a login the session gets a new id, and its times begin again; the values of an anonymous session stay, those of another user do
 * not. Each request of a user who has logged in asks the realm for the avatar (`portal.admit`), and is logged out at its end: a realm that
 * fails with an UnauthorizedLoginError ends the session. `request.user` is set as `withGuard` does.
 *
 * @example
 * const login = new FormLogin({ portal, avatar: USER, loginPath: '/login', page: loginPage });
 * const root = new Branch({ login: login.form, logout: login.logout, account: login.required(account) });
 * const site = withSessions(withCSRF(root), { store, clock: reactor });
 */
export class FormLogin<
  R extends AnyRealm,
  Checker extends AnyChecker<AvatarIdOf<R>>,
  Type extends AvatarTypeOf<R> = AvatarTypeOf<R>,
> {
  /** GET answers with the page, POST logs in and redirects. */
  readonly form: Resource;
  /** POST logs out, by ending the session, and redirects. */
  readonly logout: Resource;
  readonly #portal: Portal<AnyRealm, AnyChecker<never>>;
  readonly #options: AnyOptions;
  readonly #types: readonly never[];
  readonly #peerOf: (context: WebContext) => string | undefined;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: FormLoginOptions<R, Checker, Type>) {
    checkOptions('FormLogin', options, OPTIONS as OptionNames<typeof options>);
    const { portal, types = [], avatar, page, loginPath, afterLogin, afterLogout } = options;
    this.#portal = checkPortal(portal) as never;
    if (!portal.kinds.includes('password')) {
      throw new InvalidArgumentValueError(
        'portal',
        'one with a checker of passwords',
        portal.kinds,
      );
    }
    checkAvatarKey(avatar);
    this.#types = checkTypes(types) as readonly never[];
    this.#peerOf = options.peerOf ?? peerOf;
    checkFunction('peerOf', this.#peerOf);
    checkFunction('page', page);
    for (const [name, path] of Object.entries({ loginPath, afterLogin, afterLogout })) {
      if (path !== undefined && localLocation(checkString(name, path), '') === '') {
        throw new InvalidArgumentValueError(name, 'a path of this site', path);
      }
    }
    checkString('loginPath', loginPath);
    this.#options = options as unknown as AnyOptions;
    this.form = byMethod({
      GET: (context) => this.#showForm(context),
      POST: (context) => this.#login(context),
    });
    this.logout = byMethod({ POST: (context) => this.#logout(context) });
  }

  /**
   * A resource that only users who have logged in reach. Others are redirected to the form if the method is GET or HEAD, and refused with
   * 403 otherwise.
   * @throws InvalidArgumentTypeError
   */
  required(resource: Resource): Resource {
    checkResource('resource', resource);
    return { isLeaf: true, render: (context) => this.#render(resource, context, true) };
  }

  /** A resource that all users reach: those who have not logged in without an avatar. @throws InvalidArgumentTypeError */
  optional(resource: Resource): Resource {
    checkResource('resource', resource);
    return { isLeaf: true, render: (context) => this.#render(resource, context, false) };
  }

  async #render(resource: Resource, context: WebContext, required: boolean): Promise<WebResult> {
    let user: Session<string, unknown> | undefined;
    try {
      user = await this.#admit(context);
    } catch (error) {
      if (!(error instanceof NoAvatarError) || this.#types.length === 0) throw error;
      if (required) return forbid(context, error.message);
    }
    if (user !== undefined) {
      noteUser(context, user.avatarId);
      logOutAtEnd(context, user);
      context.set(this.#options.avatar as ContextKey<unknown>, user.avatar);
    } else if (required) return this.#askForLogin(context);
    return context.delegate(resource);
  }

  /** Undefined if the user has not logged in. */
  async #admit(context: WebContext): Promise<Session<string, unknown> | undefined> {
    const session = await sessionOf(context);
    const login = session.get(LOGIN);
    if (login === undefined) return undefined;
    try {
      const options = { types: this.#types, ...peerOption(this.#peerOf(context)) };
      const admitted = await cancelledWith(context, this.#portal.admit(login.id as never, options));
      return admitted as Session<string, unknown>;
    } catch (error) {
      if (!(error instanceof LoginFailedError)) throw reasonOf(context, error);
      await session.end();
      return undefined;
    }
  }

  #askForLogin(context: WebContext): WebResult {
    const { request } = context;
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return forbid(context, 'FormLogin: nobody has logged in');
    }
    const target = request.path + querySuffix(request);
    return redirect(context, `${this.#options.loginPath}?next=${encodeURIComponent(target)}`, 303);
  }

  #showForm(context: WebContext): WebResult | PromiseLike<WebResult> {
    context.response.setField('Cache-Control', 'no-store');
    const next = this.#nextOf(context.query.get('next') ?? undefined);
    return this.#options.page({ problem: undefined, username: '', next }, context);
  }

  async #login(context: WebContext): Promise<WebResult> {
    if (requestOrigin(context, NO_ORIGINS) === 'other') return forbid(context, ANOTHER_SITE);
    context.response.setField('Cache-Control', 'no-store');
    const form = await FORM.read(context);
    if (!form.ok) {
      const { username = '', next } = form.texts;
      context.logRefusal('info', 403, 'FormLogin: the form is incomplete');
      return this.#refuse(context, 'wrong', { username, next });
    }
    const { username, password, next } = form.values;
    let id: unknown;
    try {
      id = await this.#check(context, new UsernamePassword(username, password));
    } catch (error) {
      if (!(error instanceof LoginFailedError)) throw reasonOf(context, error);
      const isTooMany = error instanceof TooManyLoginsError;
      context.logRefusal('info', isTooMany ? 429 : 403, `FormLogin: ${error.message}`);
      if (isTooMany) {
        context.response.setField('Retry-After', retryAfterSeconds(error));
        return this.#refuse(context, 'too-many', { username, next });
      }
      return this.#refuse(context, 'wrong', { username, next });
    }
    await this.#begin(context, id);
    noteUser(context, id);
    return redirect(context, this.#nextOf(next), 303);
  }

  /** @returns The avatar id. */
  async #check(context: WebContext, credentials: UsernamePassword): Promise<unknown> {
    const options = peerOption(this.#peerOf(context));
    const login = this.#portal.login(credentials as never, options);
    const session = (await cancelledWith(context, login)) as Session<string, unknown>;
    await session.logout();
    return session.avatarId;
  }

  async #begin(context: WebContext, id: unknown): Promise<void> {
    const session = await sessionOf(context);
    const before = session.get(LOGIN);
    const isAnother = before !== undefined && JSON.stringify(before.id) !== JSON.stringify(id);
    if (isAnother) await session.end();
    await session.renew({ restart: true });
    // Tokens of pages from before the login are worthless.
    session.delete(CSRF_SECRET);
    session.set(LOGIN, { id });
  }

  #refuse(
    context: WebContext,
    problem: 'wrong' | 'too-many',
    { username, next }: { readonly username: string; readonly next: string | undefined },
  ): WebResult | PromiseLike<WebResult> {
    context.response.status = problem === 'wrong' ? 403 : 429;
    return this.#options.page({ problem, username, next: this.#nextOf(next) }, context);
  }

  async #logout(context: WebContext): Promise<WebResult> {
    if (requestOrigin(context, NO_ORIGINS) === 'other') return forbid(context, ANOTHER_SITE);
    const session = await sessionOf(context);
    noteUser(context, session.get(LOGIN)?.id);
    await session.end();
    return redirect(context, this.#options.afterLogout ?? '/', 303);
  }

  #nextOf(next: string | undefined): string {
    return localLocation(next, this.#options.afterLogin ?? '/');
  }
}

const ANOTHER_SITE = 'FormLogin: another site has caused it';
const NO_ORIGINS: ReadonlySet<string> = new Set();
