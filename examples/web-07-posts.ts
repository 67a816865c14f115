// Content of requests: JSON, and a form. Try `curl -d '{"text":"buy rope"}' localhost:8080/notes`.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { HTTPStatusError } from 'ropewalk/http';
import { html, Router, redirect, serveSite } from 'ropewalk/web';

const notes: string[] = [];

const root = new Router()
  .get('/', () => {
    const items = notes.map((text) => html`<li>${text}</li>`);
    return html`<ul>${items}</ul><form method="post"><input name="text"><button>Add</button></form>`;
  })
  .post('/', async (context) => {
    const form = await context.request.form();
    notes.push(form.get('text') ?? '');
    return redirect(context, '/', 303);
  })
  .get('/notes', () => notes)
  .post('/notes', async ({ request, response }) => {
    request.maxContentBytes = 10_000; // more is answered with 413
    const note = (await request.json()) as { text?: unknown } | null; // other content with 400
    if (typeof note?.text !== 'string') throw new HTTPStatusError(422);
    notes.push(note.text);
    response.status = 201;
    return note;
  });

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();
const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, root);
console.log(`listening on ${server.getHost()}`);
await reactor.run();
