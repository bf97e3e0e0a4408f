//! The socket door: the engine (transports, sessions) and the dialects.
