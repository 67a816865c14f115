// A checker type of a plug-in: `ropewalk socks --auth greeters:alice:bob` lets in alice and bob, if their password is "hello" and their name.
import {
  type CheckerType,
  checkerOf,
  UnauthorizedLoginError,
  type UsernamePassword,
} from 'ropewalk/cred';

const greeters: CheckerType = {
  prefix: 'greeters',
  make(args) {
    const names = args.positional;
    return checkerOf<UsernamePassword, string>(['password'], (credentials) => {
      const { username } = credentials;
      const right = credentials.checkPassword(`hello ${username}`); // in constant time
      if (right && names.includes(username)) return username;
      throw new UnauthorizedLoginError();
    });
  },
};

export default greeters;
