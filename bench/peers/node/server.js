import { createServer } from 'node:http';

import { Server } from 'socket.io';

import { behave, settings } from './behaviour.js';

const http = createServer();
behave(new Server(http, settings));
http.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${http.address().port}`));
