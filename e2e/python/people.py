"""What the property-based tester is told of the world: which ids exist, and who asks for what."""

import itertools
import json
import os
import re

import schemathesis

# The ids of every noun, by its name in paths, and tokens, by whose they are.
IDS = json.loads(os.environ["IDS"])
TOKENS = json.loads(os.environ["TOKENS"])
KEYS = itertools.count()
# What the ids in bodies and queries are of, by the name of the field; `id` and `ids` are of the path's noun.
OF = {
    "assignee_id": "users",
    "channel_id": "channels",
    "depends_on": "tasks",
    "item_id": "boq",
    "message_id": "messages",
    "parent_id": "messages",
    "project_id": "projects",
    "scene_id": "scenes",
    "task_id": "tasks",
    "task_ids": "tasks",
    "user": "users",
    "user_id": "users",
}


def existing(value, noun, gone=False):
    """An id that exists for a whole number above zero; anything else as it is.

    The last third of each noun is there to be deleted, the others to be asked for and changed.
    """
    if type(value) is not int or value < 1 or noun not in IDS:
        return value
    ids = IDS[noun]
    kept = len(ids) * 2 // 3
    ids = ids[kept:] if gone else ids[:kept]
    return ids[value % len(ids)]


def inside(value, noun, name=""):
    """A body with ids that exist in the place of those that were made up."""
    if isinstance(value, dict):
        return {key: inside(one, noun, key) for key, one in value.items()}
    if isinstance(value, list):
        return [inside(one, noun, name) for one in value]
    return existing(value, OF.get(name) or (noun if name in ("id", "ids") else None))


def noun_of(context):
    """The noun that a path begins with, after `/api/v1`."""
    return (context.operation.path.split("/") + [""] * 4)[3]


def emptied(value):
    """Whether there is an empty text in it."""
    if isinstance(value, (dict, list)):
        return any(map(emptied, value.values() if isinstance(value, dict) else value))
    return value == ""


@schemathesis.hook
def filter_case(context, case):
    """An empty text counts as absent in queries, and as null in bodies, whatever form it should have."""
    meta = case.meta
    wrong = meta is not None and meta.generation.mode.is_negative
    return not (wrong and (emptied(case.query) or emptied(case.body)))


@schemathesis.hook
def map_case(context, case):
    """Asks for what exists, with a key of its own: a key that was used before brings no second answer."""
    noun = (case.operation.path.split("/") + [""] * 4)[3]
    gone = case.method.upper() == "DELETE"
    for name, value in (case.path_parameters or {}).items():
        case.path_parameters[name] = existing(value, OF.get(name, noun), gone)
    if isinstance(case.query, dict):
        case.query = inside(case.query, noun)
    if isinstance(case.body, (dict, list)):
        case.body = inside(case.body, noun)
    if re.fullmatch("[!-~]{1,128}", str((case.headers or {}).get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = f"key-{next(KEYS)}"
    return case


@schemathesis.auth(refresh_interval=None)
class Asks:
    """Back ends where they alone may; somebody else where all of one's tokens end; or one person."""

    def get(self, case, context):
        about = context.operation.definition.raw
        if any("service" in way for way in about.get("security", [])):
            return TOKENS["service"]
        return TOKENS["leaver" if about["operationId"] == "log_out_everywhere" else "person"]

    def set(self, case, token, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"
