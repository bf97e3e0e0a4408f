"""Holds the rows of a database against its log, and prints what it found as JSON.

Usage: audit.py DATABASE [STATEMENT]. A statement is run before and taken back after, to see that
what it breaks is found.

`{"rows": N, "events": N, "faults": […]}`: how many versions of rows and how many events were
looked at, and each place where one is without the other. Needs a log that was not trimmed.
"""

import json
import sqlite3
import sys
from collections import defaultdict

# The tables whose rows have versions; under which name and in events of which kinds their log
# tells them.
VERSIONED = {"tasks": "task", "projects": "project", "comments": "comment", "items": "item"}


def audit(database, statement):
    database.execute("begin")
    if statement:
        # Indexes of words are kept by a newer engine than this one may be.
        for (name,) in database.execute("select name from sqlite_schema where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        database.execute(statement)
    faults = engine(database)
    log = database.execute("select sync_id, kind, at, rooms, payload from log order by sync_id").fetchall()
    told = [(sync_id, kind, json.loads(payload)["payload"]) for sync_id, kind, _, _, payload in log]
    faults += order(log) + rooms(database, log)
    rows = 0
    for table, name in VERSIONED.items():
        found, wrong = versions(database, table, name, told)
        rows += found
        faults += wrong
    faults += notifications(database, told) + memberships(database, told) + answers(database, told)
    return {"rows": rows, "events": len(log), "faults": faults}


def engine(database):
    whole = [said for (said,) in database.execute("pragma integrity_check") if said != "ok"]
    return whole + [f"a foreign key of {row[0]} leads nowhere" for row in database.execute("pragma foreign_key_check")]


def order(log):
    faults = [] if not log or log[0][0] == 1 else [f"the log begins with {log[0][0]}"]
    for (before, _, then, *_), (after, _, now, *_) in zip(log, log[1:]):
        if after != before + 1:
            faults.append(f"after event {before} comes {after}")
        if now < then:
            faults.append(f"event {after} is earlier than {before}")
    return faults


def rooms(database, log):
    heard = defaultdict(set)
    for room, sync_id in database.execute("select room, sync_id from log_room"):
        heard[sync_id].add(room)
    faults = []
    for sync_id, _, _, names, _ in log:
        filed = heard.pop(sync_id, set())
        if filed != set(names.split()):
            faults.append(f"event {sync_id} is filed under {sorted(filed)}, not {names}")
    return faults + [f"a room has an event {sync_id} that is not in the log" for sync_id in heard]


def versions(database, table, name, told):
    """Each version of each row is told, nothing else is, and the last one is what the row says."""
    text = {"tasks": "title", "projects": "name", "comments": "body", "items": "kind"}[table]
    seen, last, gone = defaultdict(set), {}, set()
    for _, kind, payload in told:
        for entity in entities(name, kind, payload):
            seen[entity["id"]].add(entity["version"])
            last[entity["id"]] = (entity["version"], entity[text])
        if kind == f"{name}.deleted":
            gone.add(payload[name]["id"])
    faults, rows = [], 0
    for row, version, said, deleted in database.execute(
        f"select id, version, {text}, deleted_at is not null from {table}"
    ):
        rows += version
        missing = set(range(1, version + 1)) ^ seen.pop(row, set())
        if missing:
            faults.append(f"{name} {row} has version {version}; rows or events are missing for {sorted(missing)}")
        elif last[row] != (version, said):
            faults.append(f"{name} {row} is not what was told of it last")
        if bool(deleted) != (row in gone):
            faults.append(f"{name} {row}: deleted {bool(deleted)}, told so {row in gone}")
    return rows, faults + [f"{name} {row} was told and is not there" for row in seen]


def entities(name, kind, payload):
    """What an event tells of under a name: one, with what it lies in, or many that changed at once."""
    if kind.startswith(f"{name}."):
        return [payload[name], *([payload["parent"]] if "parent" in payload else [])]
    return [changed[name] for changed in payload[f"{name}s"]] if kind == f"{name}s.updated" else []


def notifications(database, told):
    stored = {row for (row,) in database.execute("select id from notifications")}
    events = {payload["notification"]["id"] for _, kind, payload in told if kind == "notification.created"}
    return [f"notification {row} is either not told or not there" for row in stored ^ events]


def memberships(database, told):
    kinds = {sync_id: kind for sync_id, kind, _ in told}
    begins = {"project.created", "member.added", "member.updated"}
    ends = {"project.deleted", "member.removed", "member.updated"}
    faults, begun = [], set()
    for row, first, last in database.execute("select id, from_id, to_id from memberships"):
        begun.add(first)
        if kinds.get(first) not in begins:
            faults.append(f"membership {row} begins with event {first}, {kinds.get(first)}")
        if last is not None and kinds.get(last) not in ends:
            faults.append(f"membership {row} ends with event {last}, {kinds.get(last)}")
    untold = [sync_id for sync_id, kind in kinds.items() if kind in begins and sync_id not in begun]
    return faults + [f"event {sync_id} tells of a membership that is not there" for sync_id in untold]


def answers(database, told):
    known = {sync_id for sync_id, _, _ in told} | {0}
    kept = database.execute("select key, sync_id from kept_answers")
    return [f"the answer under {key} is of event {sync_id}, which is not there" for key, sync_id in kept if sync_id not in known]


path, *statement = sys.argv[1:]
mode = "rw" if statement else "ro"
database = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, isolation_level=None)
print(json.dumps(audit(database, *statement or [None])))
