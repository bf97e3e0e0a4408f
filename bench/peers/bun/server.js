import { Server as Engine } from '@socket.io/bun-engine';
import { Server } from 'socket.io';

import { behave, settings } from '../node/behaviour.js';

const io = new Server(settings);
const engine = new Engine({ path: '/socket.io/' });
io.bind(engine);
behave(io);

// As the engine's own page says, with the port and the address given.
const server = Bun.serve({ ...engine.handler(), port: 0, hostname: '127.0.0.1' });
console.log(`listening on http://127.0.0.1:${server.port}`);
