"""A plain python-socketio server on uvicorn. The library's settings are its own."""

import socket

import socketio
import uvicorn

from behaviour import PRESENCE, People, person, typing, user

sio = socketio.AsyncServer(async_mode="asgi")
people = People()
users = {}


@sio.event
async def connect(sid, environ):
    known = user(environ["QUERY_STRING"])
    if known is None:
        raise ConnectionRefusedError("Invalid token")
    users[sid] = known
    await sio.enter_room(sid, known["room"])
    if PRESENCE and people.comes(known):
        await sio.emit("user_connected", person(known), room=known["room"], skip_sid=sid)
    await sio.emit("connected", {"message": "welcome"}, to=sid)


@sio.event
async def user_typing(sid, said):
    known = users[sid]
    await sio.emit("user_typing", typing(known, said), room=known["room"], skip_sid=sid)


@sio.event
async def say(sid, said):
    await sio.emit("say", said, room=users[sid]["room"], skip_sid=sid)


@sio.event
async def disconnect(sid, reason):
    known = users.pop(sid, None)
    if known and PRESENCE and people.goes(known):
        await sio.emit("user_disconnected", person(known), room=known["room"], skip_sid=sid)


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(2048)
print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
config = uvicorn.Config(socketio.ASGIApp(sio), log_level="error")
uvicorn.Server(config).run(sockets=[listener])
