import { describe, expect, it } from 'vitest';
import { ServiceParentError, type ServiceStopError } from '../../src/application/errors.js';
import { MultiService } from '../../src/application/multi-service.js';
import { Service } from '../../src/application/service.js';
import { errorOf, three } from './services.js';

describe('MultiService', () => {
  it('starts its children in order and stops them in reverse order', () => {
    const { log, children } = three();
    const parent = new MultiService();
    for (const child of children) parent.addService(child);
    expect([parent.size, [...parent]]).toEqual([3, children]);
    expect(parent.privilegedStartService().fired).toBe(true);
    expect(parent.startService().fired).toBe(true);
    expect(log).toEqual([
      ...['privileged a', 'privileged b', 'privileged c'],
      ...['start a', 'start b', 'start c'],
    ]);
    log.length = 0;
    expect(parent.stopService().fired).toBe(true);
    expect(log).toEqual(['drain c', 'drain b', 'drain a', 'stop c', 'stop b', 'stop a']);
  });

  it('starts each child when the previous one has started', async () => {
    const { log, children } = three();
    const parent = new MultiService();
    for (const child of children) parent.addService(child);
    const held = children[1].hold('start');
    const started = parent.startService();
    expect(log).toEqual(['start a', 'start b']);
    held.callback();
    await started;
    expect(log.at(-1)).toBe('start c');
  });

  it('drains all children at the same time, and stops each when the next one has stopped', async () => {
    const { log, children } = three();
    const parent = new MultiService();
    for (const child of children) parent.addService(child);
    parent.startService();
    log.length = 0;
    const drains = children.map((child) => child.hold('drain'));
    const stop = children[2].hold('stop');
    const stopped = parent.stopService();
    expect(log).toEqual(['drain c', 'drain b', 'drain a']);
    for (const drain of drains) drain.callback();
    expect(log.slice(3)).toEqual(['stop c']);
    stop.callback();
    await stopped;
    expect(log.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  });

  it.each(['privileged', 'start'] as const)(
    'stops those that have started if the step %s of another fails',
    async (step) => {
      const { log, children } = three();
      const parent = new MultiService();
      for (const child of children) parent.addService(child);
      children[2].failing.add(step);
      children[0].failing.add('stop');
      const started = parent.privilegedStartService().addCallback(() => parent.startService());
      await expect(started.toPromise()).rejects.toThrow(`${step} of c failed`);
      expect(log.filter((line) => line.startsWith('stop'))).toEqual(['stop b', 'stop a']);
      expect([parent, ...children].map(({ state }) => state)).toEqual(Array(4).fill('stopped'));
    },
  );

  it('stops all children even if some fail, and fails with all errors', async () => {
    const { log, children } = three();
    const [inner, outer] = [new MultiService('inner'), new MultiService('outer')];
    for (const child of children) inner.addService(child);
    outer.addService(inner);
    outer.startService();
    children[0].failing.add('stop');
    children[2].failing.add('drain').add('stop');
    const error = await outer.stopService().addErrback(errorOf);
    expect((error as ServiceStopError).errors.map(String)).toEqual([
      'Error: drain of c failed',
      'Error: stop of c failed',
      'Error: stop of a failed',
    ]);
    expect(log.slice(-3)).toEqual(['stop c', 'stop b', 'stop a']);
    children[0].failing.clear();
    children[2].failing.clear();
    outer.startService();
    children[0].failing.add('stop');
    await expect(outer.stopService().toPromise()).rejects.toThrow('stop of a failed');
  });

  it('cancels a start: the child that is starting is stopped, and so are those before it', async () => {
    const { log, children } = three();
    const parent = new MultiService();
    for (const child of children) parent.addService(child);
    const held = children[1].hold('start');
    const started = parent.startService().addErrback(errorOf);
    const stopped = parent.stopService();
    held.callback();
    await stopped;
    expect(String(await started)).toContain('was stopped before it had started');
    expect(log).toEqual([...['start a', 'start b', 'drain b', 'stop b', 'drain a', 'stop a']]);
    expect(parent.state).toBe('stopped');
  });

  it('starts children that are added while it is running, and stops those that are removed', async () => {
    const { log, children } = three();
    const [a, b, c] = children;
    const parent = new MultiService();
    parent.addService(a);
    parent.startService();
    log.length = 0;
    await parent.addService(b);
    expect(log).toEqual(['privileged b', 'start b']);
    await parent.removeService(a);
    expect([a.state, a.parent, b.parent]).toEqual(['stopped', undefined, parent]);
    c.failing.add('start');
    await expect(parent.addService(c).toPromise()).rejects.toThrow('start of c failed');
    expect([...parent]).toEqual([b]);
    expect(c.parent).toBeUndefined();
  });

  it('starts children that are added while it is starting', async () => {
    const { log, children } = three();
    const [a, b] = children;
    const parent = new MultiService();
    parent.addService(a);
    const held = a.hold('start');
    const started = parent.startService();
    parent.addService(b);
    held.callback();
    await started;
    expect(log).toEqual(['start a', 'start b']);
  });

  it('continues to start if the child that is starting is removed', async () => {
    const { log, children } = three();
    const [a, b] = children;
    const parent = new MultiService();
    parent.addService(a);
    parent.addService(b);
    const held = a.hold('start');
    const started = parent.startService();
    const removed = parent.removeService(a);
    held.callback();
    await removed;
    await started;
    expect([a.state, b.state]).toEqual(['stopped', 'running']);
    expect(log).toContain('stop a');
  });

  it('finds children by name, and refuses two of the same', () => {
    const { children } = three();
    const [a] = children;
    const parent = new MultiService('parent');
    parent.addService(a);
    expect(parent.getServiceNamed('a')).toBe(a);
    expect(() => parent.getServiceNamed('z')).toThrow("parent has no child named 'z'");
    expect(() => parent.addService(new Service('a'))).toThrow(ServiceParentError);
    expect(() => new MultiService().addService(a)).toThrow('a has a parent');
    expect(() => parent.removeService(new Service('q'))).toThrow('q is no child of parent');
    const inner = new MultiService('inner');
    parent.addService(inner);
    expect(() => inner.addService(parent)).toThrow('parent would be in itself');
    expect(() => parent.addService({} as never)).toThrow('serviceOf');
  });

  it('accepts any object that can be started and stopped', async () => {
    const log: string[] = [];
    const parent = new MultiService();
    parent.addService({
      startService: async () => void log.push('start'),
      stopService: () => log.push('stop'),
      reloadService: () => log.push('reload'),
    });
    await parent.startService();
    await parent.reloadService();
    await parent.stopService();
    expect(log).toEqual(['start', 'reload', 'stop']);
  });

  it('reloads all children even if some fail', async () => {
    const log: string[] = [];
    const parent = new MultiService();
    const child = (name: string, reload: () => unknown): Service =>
      Object.assign(new Service(name), { reloadService: reload });
    parent.addService(
      child('a', () => {
        throw new Error('no configuration');
      }),
    );
    parent.addService(child('b', () => log.push('b')));
    parent.addService(new Service('c'));
    await expect(parent.reloadService().toPromise()).rejects.toThrow('no configuration');
    expect(log).toEqual(['b']);
  });
});
