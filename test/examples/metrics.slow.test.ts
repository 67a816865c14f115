import { describe, expect, it } from 'vitest';
import { ExampleServer, KINDS, on } from './programs.js';

describe.each(KINDS)('the metrics example on the %s reactor', (kind) => {
  it('serves its metrics', async () => {
    await using server = await ExampleServer.start('metrics', [], on(kind));
    const get = async (path: string): Promise<string> =>
      (await fetch(`http://127.0.0.1:${server.port}${path}`)).text();
    expect(await get('/')).toBe('Hello!\n');
    const shown = await get('/metrics');
    expect(shown).toContain('app_greetings_total{language="en"} 1\n');
    expect(shown).toContain(
      'ropewalk_http_requests_total{server="web",method="GET",status="2xx"} 1\n',
    );
    expect(shown).toMatch(/ropewalk_reactor_turn_duration_seconds_count\{reactor="main"\} [1-9]/);
  });
});
