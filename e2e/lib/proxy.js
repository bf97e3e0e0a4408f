// A network between clients and a server, which can be cut.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export class Proxy {
  #server;
  #streams = new Set();
  #isCut = false;
  /** Connections that were carried. */
  carried = 0;

  /** A way to the server at `port` of this machine. */
  static async to(port) {
    const proxy = new Proxy();
    proxy.#server = createServer({ noDelay: true }, (near) => proxy.#carry(near, port));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** Its address without a path. */
  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Ends all connections in the middle, with what is on its way in either direction, and takes no others. */
  cut() {
    this.#isCut = true;
    this.#streams.forEach((stream) => stream.destroy());
  }

  /** Takes connections again. */
  mend() {
    this.#isCut = false;
  }

  /** Ends with all that it carries. */
  close() {
    this.cut();
    this.#server.close();
  }

  #carry(near, port) {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    this.carried += 1;
    const far = connect({ host: '127.0.0.1', port, noDelay: true });
    for (const [from, to] of [[near, far], [far, near]]) {
      this.#streams.add(from);
      from.pipe(to);
      from.on('error', () => {});
      from.on('close', () => {
        this.#streams.delete(from);
        to.destroy();
      });
    }
  }
}
