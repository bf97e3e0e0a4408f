//! The wire without IO: Engine.IO 4, Socket.IO 5 and WebSocket frames.
