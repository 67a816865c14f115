// A form with typed fields and a file: `node --import tsx examples/web-forms.ts --port 8080 --to DIR`, then open http://localhost:8080,
// or run `curl -F title=Rope -F price=12 -F photo=@rope.png localhost:8080`.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { Form, type FormResult, field, html, Router, serveSite } from 'ropewalk/web';

const FIELDS = {
  title: field.text({ maxLength: 80 }),
  price: field.integer({ min: 1, max: 10_000 }),
  material: field.choice(['hemp', 'sisal', 'nylon'], { required: false }),
  photo: field.file({ maxBytes: 5_000_000, types: ['image/*'], required: false }),
};
const OFFER = new Form(FIELDS);

type Problems = Extract<FormResult<typeof FIELDS>, { ok: false }>;

const page = ({ problems, texts }: Omit<Problems, 'ok'>) => html`<!doctype html><title>Offer</title>
  <form method="post" enctype="multipart/form-data">
    <label>Title <input name="title" value="${texts.title}"> ${problems.title}</label>
    <label>Price <input name="price" value="${texts.price}"> ${problems.price}</label>
    <label>Material <input name="material" value="${texts.material}"> ${problems.material}</label>
    <label>Photo <input name="photo" type="file"> ${problems.photo}</label>
    <button>Offer</button>
  </form>`;

const options = { port: { type: 'string' }, to: { type: 'string' } } as const;
const { port = '8080', to: folder = '.' } = parseArgs({ options }).values;

const root = new Router()
  .get('/', () => page({ problems: {}, texts: {} }))
  .post('/', async (context) => {
    const form = await OFFER.read(context);
    if (!form.ok) {
      context.response.status = 422;
      return page(form);
    }
    const { title, price, photo } = form.values;
    // The name that the client gave the file is not used. A file that is not moved is removed after the answer.
    await photo?.moveTo(join(folder, `${randomUUID()}.upload`));
    context.response.status = 201;
    return `${title} costs ${price}, with ${photo?.size ?? 0} bytes of photo\n`;
  });

const reactor = createReactor();
const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, root);
console.log(`forms listening on ${server.getHost()}`);
await reactor.run();
