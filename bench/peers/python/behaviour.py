"""What both Python servers share: who may come in, and what they say."""

import base64
import hashlib
import hmac
import json
import os
import time
from urllib.parse import parse_qs

SECRET = os.environ["JWT_SECRET"].encode()
PRESENCE = bool(os.environ.get("PRESENCE"))
FULL_NAME = "Somebody who types, and types, and types, and never comes to an end"
TIMESTAMP = "2026-01-01T00:00:00.000000"


def decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def user(query_string):
    """The room and the claims of who shows a token of ours (HS256) in time; nothing of others."""
    query = parse_qs(query_string)
    try:
        signed, signature = query["token"][0].rsplit(".", 1)
        ours = hmac.new(SECRET, signed.encode(), hashlib.sha256).digest()
        claims = json.loads(decoded(signed.split(".")[1]))
        if hmac.compare_digest(ours, decoded(signature)) and claims["exp"] > time.time():
            return {"room": query["room"][0], "uid": claims["uid"], "sub": claims["sub"]}
    except (KeyError, ValueError, IndexError):
        pass
    return None


def typing(user, said):
    return {
        "full_name": FULL_NAME,
        "is_typing": said["is_typing"],
        "task_id": said["task_id"],
        "timestamp": TIMESTAMP,
        "user_id": user["uid"],
        "username": user["sub"],
    }


class People:
    """Counts the connections of people: who comes first, and who goes last, is told."""

    def __init__(self):
        self.counts = {}

    def comes(self, user):
        key = (user["room"], user["uid"])
        self.counts[key] = self.counts.get(key, 0) + 1
        return self.counts[key] == 1

    def goes(self, user):
        key = (user["room"], user["uid"])
        self.counts[key] -= 1
        return self.counts[key] == 0


def person(user):
    return {
        "full_name": FULL_NAME,
        "timestamp": TIMESTAMP,
        "user_id": user["uid"],
        "username": user["sub"],
    }
