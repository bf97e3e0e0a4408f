"""A plain Flask-SocketIO server with eventlet. The library's settings are its own."""

import eventlet

eventlet.monkey_patch()

# What is imported from here on is patched.
import eventlet.wsgi  # noqa: E402
from flask import Flask, request  # noqa: E402
from flask_socketio import SocketIO, emit, join_room  # noqa: E402

from behaviour import PRESENCE, People, person, typing, user  # noqa: E402

app = Flask(__name__)
sio = SocketIO(app, async_mode="eventlet")
people = People()
users = {}


@sio.on("connect")
def connect():
    known = user(request.query_string.decode())
    if known is None:
        raise ConnectionRefusedError("Invalid token")
    users[request.sid] = known
    join_room(known["room"])
    if PRESENCE and people.comes(known):
        emit("user_connected", person(known), to=known["room"], include_self=False)
    emit("connected", {"message": "welcome"})


@sio.on("user_typing")
def user_typing(said):
    known = users[request.sid]
    emit("user_typing", typing(known, said), to=known["room"], include_self=False)


@sio.on("say")
def say(said):
    emit("say", said, to=users[request.sid]["room"], include_self=False)


@sio.on("disconnect")
def disconnect():
    known = users.pop(request.sid, None)
    if known and PRESENCE and people.goes(known):
        emit("user_disconnected", person(known), to=known["room"], include_self=False)


listener = eventlet.listen(("127.0.0.1", 0), backlog=2048)
print(f"listening on http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
# As `SocketIO.run` does, which does not tell the port.
eventlet.wsgi.server(listener, app, log_output=False, max_size=65536)
