// Writes a file of users and reads it: `node --import tsx examples/credentials-file.ts`.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkerFromString,
  PasswordHasher,
  Portal,
  type Realm,
  setPassword,
  UsernamePassword,
} from 'ropewalk/cred';

const folder = await mkdtemp(join(tmpdir(), 'users-'));
const path = join(folder, 'users');
const hasher = new PasswordHasher();

await setPassword(path, 'alice', 'wonderland', hasher);

const realm: Realm<{ user: string }, unknown, unknown> = {
  requestAvatar: (id) => ({ type: 'user', avatar: String(id) }),
};
const portal = new Portal(realm, [checkerFromString(`file:${path}`, { hasher })]);

for (const password of ['wonderland', 'looking-glass']) {
  const outcome = await portal.login(new UsernamePassword('alice', password)).addCallbacks(
    ({ avatar }) => `welcome, ${avatar}`,
    (failure) => failure.value.message,
  );
  console.log(outcome);
}
await rm(folder, { recursive: true });
