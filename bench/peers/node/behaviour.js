// What is measured, for socket.io on Node and on Bun: who shows a good token is in one room, and
// what one says the others there hear. The library's settings are its own.

import { createHmac, timingSafeEqual } from 'node:crypto';

const SECRET = process.env.JWT_SECRET;
const FULL_NAME = 'Somebody who types, and types, and types, and never comes to an end';

/** The claims of a token that is signed with our secret (HS256), and whose time is not over. */
const claims = (token) => {
  const [head, body, signature] = String(token).split('.');
  const ours = createHmac('sha256', SECRET).update(`${head}.${body}`).digest();
  const theirs = Buffer.from(signature ?? '', 'base64url');
  if (theirs.length !== ours.length || !timingSafeEqual(theirs, ours)) throw new Error('Invalid token');
  const claimed = JSON.parse(Buffer.from(body, 'base64url').toString());
  if (claimed.exp < Date.now() / 1000) throw new Error('Token expired');
  return claimed;
};

/** Tells a room of who comes first and goes last, if that is measured. */
const presence = (socket, room, { uid, sub }, people) => {
  const tell = (word) => socket.to(room).emit(word, { full_name: FULL_NAME, timestamp: '2026-01-01T00:00:00.000000', user_id: uid, username: sub });
  const key = `${room} ${uid}`;
  const count = (people.get(key) ?? 0) + 1;
  people.set(key, count);
  if (count === 1) tell('user_connected');
  // In a middle stage of going the socket has its rooms still.
  socket.on('disconnecting', () => {
    people.set(key, people.get(key) - 1);
    if (people.get(key) === 0) tell('user_disconnected');
  });
};

export const settings = process.env.RECOVERY ? { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } } : {};

export const behave = (io) => {
  const people = new Map();
  io.use((socket, next) => {
    try {
      socket.data.user = claims(socket.handshake.query.token);
      next();
    } catch (error) {
      next(error);
    }
  });
  io.on('connection', (socket) => {
    const { room } = socket.handshake.query;
    const { uid, sub } = socket.data.user;
    socket.on('user_typing', ({ task_id, is_typing }) => {
      socket.to(room).emit('user_typing', { full_name: FULL_NAME, is_typing, task_id, timestamp: '2026-01-01T00:00:00.000000', user_id: uid, username: sub });
    });
    socket.on('say', (what) => socket.to(room).emit('say', what));
    socket.join(room);
    if (process.env.PRESENCE) presence(socket, room, { uid, sub }, people);
    socket.emit('connected', { message: 'welcome' });
  });
};
