"""The stock Python client of Socket.IO, told what to do by lines of JSON.

Reads `{"do": …}` from its standard input and writes what it hears to its standard output, one
JSON object per line: `{"heard": NAME, "args": […]}`, and `{"done": …}` or `{"failed": TEXT}` for
each line that it was told.
"""

import json
import sys
import threading

import socketio

WORDS = [
    "connected",
    "joined_project",
    "error",
    "pong",
    "user:joined",
    "user:left",
    "task:updated",
    "comment:created",
    "comment:updated",
    "comment:deleted",
    "notification:new",
]

writing = threading.Lock()


def say(message):
    """Writes a line. The library hears each message in a thread of its own."""
    with writing:
        print(json.dumps(message), flush=True)


client = socketio.Client(reconnection=False, handle_sigint=False)


def hear(word):
    """Registers a handler of one argument, as the app's own example does."""

    @client.on(word)
    def heard(told):
        say({"heard": word, "args": [told]})


for word in WORDS:
    hear(word)


@client.on("*")
def other(word, *args):
    say({"heard": word, "args": list(args)})


@client.event
def connect():
    say({"heard": "(connect)", "args": []})


@client.event
def connect_error(reason):
    say({"heard": "(connect_error)", "args": [reason]})


@client.event
def disconnect():
    say({"heard": "(disconnect)", "args": []})


def obey(order):
    """Does what a line says; what it comes to."""
    if order["do"] == "connect":
        # Whether it was let in is heard; waiting for it here would tell a refusal by the clock.
        client.connect(
            order["url"], auth=order["auth"], transports=order["transports"], wait=False
        )
        return client.transport()
    if order["do"] == "call":
        # The arguments of the acknowledgement: none is None, one is itself.
        return client.call(order["word"], order["argument"], timeout=20)
    return client.disconnect()


for line in sys.stdin:
    try:
        say({"done": obey(json.loads(line))})
    except (socketio.exceptions.SocketIOError, ValueError) as error:
        say({"failed": f"{type(error).__name__}: {error}"})
