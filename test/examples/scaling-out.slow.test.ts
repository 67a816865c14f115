/** The programs of docs/howto/publish-subscribe.md and scaling-out.md, with a Redis server of the tests. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createReactor } from '../../src/index.js';
import { RunningProgram } from '../cli/run-program.js';
import { ChatClient, EventClient } from '../pubsub/chat-client.js';
import { Child } from '../support/child.js';
import { Pulse } from '../support/deadline.js';
import { FakeRedis } from '../support/fake-redis.js';
import { closedPort } from '../support/raw-peer.js';
import { exampleUrl, KINDS, on } from './programs.js';

describe.each(KINDS)('scaled-chat on the %s reactor', (kind) => {
  const start = (broker: readonly string[]): Promise<RunningProgram> => {
    const file = fileURLToPath(exampleUrl('scaled-chat'));
    return RunningProgram.start(['--reactor', kind, file, '--port', '0', ...broker]);
  };

  it('passes messages between two programs, to WebSockets and event streams', async () => {
    await using fake = await FakeRedis.listen();
    const broker = ['--redis', `tcp:127.0.0.1:${fake.port}`];
    await using one = await start(broker);
    await using two = await start(broker);
    await using reactor = createReactor();
    await using ada = await ChatClient.join(reactor, one.port);
    await using bob = await ChatClient.join(reactor, two.port);
    using events = await EventClient.open(one.port);
    const pulse = new Pulse();
    const ready = setInterval(() => pulse.notify(), 10);
    await pulse.until(() => fake.subscriptions.length === 2, 'two subscriptions');
    clearInterval(ready);
    // No program publishes: this publication is not lost with the connections.
    fake.publish('chat:room', 'news');
    for (const client of [ada, bob, events]) await client.has('news');
    expect(ada.pid).not.toBe(bob.pid);
    fake.dropConnections();
    for (const client of [ada, bob]) await client.has('(messages may be missing)');
    bob.say('hello');
    ada.say('back');
    for (const client of [ada, bob, events]) await client.has('hello');
    for (const client of [ada, bob, events]) await client.has('back');
  });

  it('tells the sender of a message that was not, or may not have been, published, and goes on', async () => {
    const fake = await FakeRedis.listen();
    const { port } = fake;
    await using program = await start(['--redis', `tcp:127.0.0.1:${port}`]);
    await using reactor = createReactor();
    await using ada = await ChatClient.join(reactor, program.port);
    await using bob = await ChatClient.join(reactor, program.port);
    ada.say('one');
    for (const client of [ada, bob]) await client.has('one');
    fake.answers.set('PUBLISH', ''); // no answer
    ada.say('two');
    const pulse = new Pulse();
    const sent = setInterval(() => pulse.notify(), 10);
    await pulse.until(() => fake.commands.includes('PUBLISH chat:room two'), 'the publication');
    clearInterval(sent);
    await fake[Symbol.asyncDispose]();
    await ada.has('(perhaps not sent: two)');
    // There is no server now. The next attempt to connect fails at once, and so do publications.
    ada.say('three');
    await ada.has('(not sent: three)');
    await using again = await FakeRedis.listen(port);
    // Publications fail until the program is connected again.
    await bob.has('(messages may be missing)');
    bob.say('four');
    for (const client of [ada, bob]) await client.has('four');
    expect(again.commands).toContain('PUBLISH chat:room four');
    expect(bob.messages.filter((text) => text.includes('not sent'))).toEqual([]);
  });

  it('is a room of one process without a broker', async () => {
    await using program = await start([]);
    await using reactor = createReactor();
    await using ada = await ChatClient.join(reactor, program.port);
    ada.say('alone');
    await ada.has('alone');
  });
});

describe.each(KINDS)('pubsub-news on the %s reactor', (kind) => {
  const url = exampleUrl('pubsub-news');

  it('listens, says, and says why it cannot', async () => {
    await using fake = await FakeRedis.listen();
    const server = ['--redis', `tcp:127.0.0.1:${fake.port}`];
    await using listener = new Child(url, ['listen', 'news.*', ...server], on(kind));
    await listener.printed(/listening to news\.\*\n/);
    await using speaker = new Child(url, ['say', 'news.sport', 'two to one', ...server], on(kind));
    expect(await speaker.result()).toMatchObject({ code: 0, stderr: '' });
    await listener.printed(/news\.sport: two to one\n/);
    const away = ['--redis', `tcp:127.0.0.1:${await closedPort()}`];
    await using failed = new Child(url, ['say', 'news', 'x', ...away], on(kind));
    const { code, stderr } = await failed.result();
    expect(code).toBe(1);
    expect(stderr).toContain('not published');
  });
});
