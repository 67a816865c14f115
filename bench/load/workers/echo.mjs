// The program of a worker of ropewalk.mjs.

import { Factory, Protocol } from '../../../dist/index.js';

class Echo extends Protocol {
  dataReceived(data) {
    this.transport.write(data);
  }
}

export default function serve(worker) {
  const options = { interface: '127.0.0.1', backlog: 4096 };
  worker.listenTCP(worker.data.port, Factory.forProtocol(Echo), options);
}
