// A plain socket.io server with the behaviour that is measured: everybody is in one room, and what
// one says the others hear. Its settings are the library's own.

import { createServer } from 'node:http';

import { Server } from 'socket.io';

const ROOM = 'project_1';
const http = createServer();

new Server(http).on('connection', (socket) => {
  socket.on('user_typing', ({ task_id, is_typing }) => {
    // As long as what Chorus tells.
    socket.to(ROOM).emit('user_typing', {
      full_name: 'Somebody who types, and types, and types, and never comes to an end',
      is_typing,
      task_id,
      timestamp: '2026-01-01T00:00:00.000000',
      user_id: 1,
      username: 'bench-0',
    });
  });
  socket.join(ROOM);
  socket.emit('connected', { message: 'welcome' });
});

http.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${http.address().port}`));
