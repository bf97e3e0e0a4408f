"""Holds the rows of a database against its log, and prints what it found as JSON.

Usage: audit.py DATABASE [STATEMENT] [--files DIRECTORY]. A statement is run before and taken back
after, to see that what it breaks is found. With a directory, what assets say of their files is
held against the files.

`{"rows": N, "events": N, "faults": […]}`: how many versions of rows and how many events were
looked at, and each place where one is without the other. Needs a log that was not trimmed.
"""

import argparse
import hashlib
import json
import sqlite3
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

# The tables whose rows have versions; under which name and in events of which kinds their log
# tells them, and what both say. Lists and objects are JSON in a row.
VERSIONED = {
    "projects": ("project", "name description status owner_id"),
    "tasks": ("task", "project_id title description status priority assignee_id creator_id category type labels depends_on"),
    "comments": ("comment", "project_id task_id item_id parent_id author_id body is_edited"),
    "items": ("item", "project_id parent_id kind creator_id position"),
    "channels": ("channel", "project_id task_id name description is_private creator_id"),
    "messages": ("message", "channel_id author_id parent_id content metadata is_edited"),
}


class Event(NamedTuple):
    sync_id: int
    kind: str
    actor: int
    payload: dict


def audit(database, statement, files):
    database.execute("begin")
    if statement:
        # Indexes of words are kept by a newer engine than this one may be.
        for (name,) in database.execute("select name from sqlite_schema where type = 'trigger'").fetchall():
            database.execute(f"drop trigger {name}")
        database.execute(statement)
    faults = engine(database)
    log = database.execute("select sync_id, kind, at, rooms, payload, actor from log order by sync_id").fetchall()
    told = [
        Event(sync_id, kind, json.loads(actor)["id"], json.loads(payload)["payload"])
        for sync_id, kind, _, _, payload, actor in log
    ]
    faults += order(log) + rooms(database, log)
    rows = 0
    for table, (name, columns) in VERSIONED.items():
        found, wrong = versions(database, table, name, columns.split(), told)
        rows += found
        faults += wrong
    rules = [notifications, memberships, channel_members, reactions, read_markers, invitations, users, fields, totals, answers]
    for rule in rules:
        faults += rule(database, told)
    if files:
        faults += contents(database, Path(files))
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
    for sync_id, _, _, names, *_ in log:
        filed = heard.pop(sync_id, set())
        if filed != set(names.split()):
            faults.append(f"event {sync_id} is filed under {sorted(filed)}, not {names}")
    return faults + [f"a room has an event {sync_id} that is not in the log" for sync_id in heard]


def versions(database, table, name, columns, told):
    """Each version of each row is told, nothing else is, and the last one is what the row says."""
    seen, last, gone = defaultdict(set), {}, set()
    for event in told:
        for entity in entities(name, event):
            seen[entity["id"]].add(entity["version"])
            last[entity["id"]] = entity
        if event.kind == f"{name}.deleted":
            gone.add(event.payload[name]["id"])
    faults, rows = [], 0
    query = f"select id, deleted_at is not null, version, {', '.join(columns)} from {table}"
    for row, deleted, version, *said in database.execute(query):
        rows += version
        missing = set(range(1, version + 1)) ^ seen.pop(row, set())
        if missing:
            faults.append(f"{name} {row} has version {version}; rows or events are missing for {sorted(missing)}")
        else:
            wrong = [column for column, value in zip(columns, said) if not same(value, last[row][column])]
            if wrong or last[row]["version"] != version:
                faults.append(f"{name} {row} is not what was told of it last: {' '.join(wrong)}")
        if bool(deleted) != (row in gone):
            faults.append(f"{name} {row}: deleted {bool(deleted)}, told so {row in gone}")
    return rows, faults + [f"{name} {row} was told and is not there" for row in seen]


def entities(name, event):
    """What an event tells of under a name: one, with what it lies in, or many that changed at once."""
    _, kind, _, payload = event
    if kind.startswith(f"{name}.") and name in payload:
        return [payload[name], *([payload["parent"]] if "parent" in payload else [])]
    return [changed[name] for changed in payload[f"{name}s"]] if kind == f"{name}s.updated" else []


def same(stored, told):
    return (json.loads(stored) if isinstance(told, (dict, list)) and stored else stored) == told


def notifications(database, told):
    stored = {row for (row,) in database.execute("select id from notifications")}
    events = {event.payload["notification"]["id"] for event in told if event.kind == "notification.created"}
    return [f"notification {row} is either not told or not there" for row in stored ^ events]


def memberships(database, told):
    begins, ends = {}, []
    for sync_id, kind, _, payload in told:
        if kind in ("member.added", "member.updated"):
            begins[sync_id] = (payload["member"]["project_id"], payload["member"]["user_id"], payload["member"]["role"])
        elif kind == "project.created":
            begins[sync_id] = (payload["project"]["id"], payload["project"]["owner_id"], "owner")
        if kind in ("member.removed", "member.updated"):
            ends.append((sync_id, payload["member"]["project_id"], payload["member"]["user_id"]))
        elif kind == "project.deleted":
            ends.append((sync_id, payload["project"]["id"], None))
    rows = database.execute("select id, from_id, to_id, project_id, user_id, project_id, user_id, role from memberships")
    return stays("membership", rows, begins, ends)


def channel_members(database, told):
    begins, ends, made = {}, [], {}
    for sync_id, kind, _, payload in told:
        channel, member = payload.get("channel"), payload.get("member")
        if kind == "channel.created" and channel["is_private"]:
            made[sync_id] = channel["id"]
            begins[sync_id] = (channel["id"], channel["creator_id"])
        # Who makes a channel is in it from then on, and told so next.
        elif kind == "channel.member_added" and made.get(sync_id - 1) != channel["id"]:
            begins[sync_id] = (channel["id"], member["user_id"])
        elif kind == "channel.member_removed":
            ends.append((sync_id, channel["id"], member["user_id"]))
        elif kind == "channel.deleted":
            ends.append((sync_id, channel["id"], None))
        elif kind in ("member.removed", "project.deleted"):
            project = member["project_id"] if member else payload["project"]["id"]
            channels = database.execute("select id from channels where project_id = ?", [project]).fetchall()
            ends += [(sync_id, one, member and member["user_id"]) for (one,) in channels]
    rows = database.execute("select id, from_id, to_id, channel_id, user_id, channel_id, user_id from channel_members")
    return stays("channel membership", rows, begins, ends)


def stays(what, rows, begins, ends):
    """Each stay begins with an event that says so, ends with one, and goes on beyond none; each begin has its stay."""
    faults, begun = [], set()
    for row, first, last, place, user, *said in rows:
        begun.add(first)
        if begins.get(first) != tuple(said):
            faults.append(f"{what} {row} begins with event {first}, {begins.get(first)}")
        own = [sync_id for sync_id, where, who in ends if where == place and who in (None, user)]
        if last is not None and last not in own:
            faults.append(f"{what} {row} ends with event {last}, which does not say so")
        if any(first < end and (last is None or end < last) for end in own):
            faults.append(f"{what} {row} goes on after its end")
    return faults + [f"event {sync_id} tells of a {what} that is not there" for sync_id in begins if sync_id not in begun]


def reactions(database, told):
    left = set()
    for _, kind, actor, payload in told:
        if kind.startswith("reaction."):
            sign = (payload["message_id"], payload["emoji"], actor)
            (left.add if kind == "reaction.added" else left.discard)(sign)
    stored = set(database.execute("select message_id, emoji, user_id from reactions"))
    return [f"sign {emoji} of {user} under message {row} is either not told or not there" for row, emoji, user in stored ^ left]


def read_markers(database, told):
    markers = [event.payload["marker"] for event in told if event.kind == "channel.read"]
    last = {(marker["user_id"], marker["channel_id"]): marker["last_read_id"] for marker in markers}
    stored = {(user, channel): row for user, channel, row in database.execute("select user_id, channel_id, message_id from channel_reads")}
    wrong = {key for key in last.keys() | stored.keys() if last.get(key) != stored.get(key)}
    return [
        f"{user} has read channel {channel} to {stored.get((user, channel))}, and was told {last.get((user, channel))}"
        for user, channel in wrong
    ]


def invitations(database, told):
    last, let_in, entered = {}, [], defaultdict(list)
    for sync_id, kind, actor, payload in told:
        if kind.startswith("invitation."):
            one = payload["invitation"]
            last[one["id"]] = (one["project_id"], one["email"], one["role"], one["state"], one["inviter"]["id"])
            let_in += [(sync_id, one, actor)] if kind == "invitation.accepted" else []
        elif kind == "member.added":
            entered[payload["member"]["project_id"], payload["member"]["user_id"]].append(sync_id)
    faults = []
    for row, *said in database.execute("select id, project_id, email, role, state, inviter_id from invitations"):
        known = last.pop(row, None)
        if known != tuple(said):
            faults.append(f"invitation {row} is {said}, and was told as {known}")
    faults += [f"invitation {row} was told and is not there" for row in last]
    for sync_id, one, actor in let_in:
        if not any(after > sync_id for after in entered[one["project_id"], actor]):
            faults.append(f"invitation {one['id']} was accepted, and {actor} is not in")
    return faults


def users(database, told):
    last = {event.payload["user"]["id"]: event.payload["user"] for event in told if event.kind.startswith("user.")}
    columns = "username email full_name role".split()
    stored = {row: said for row, *said in database.execute(f"select id, {', '.join(columns)} from users")}
    return [
        f"user {row} is not what was told of him last"
        for row, user in last.items()
        if stored.get(row) != [user[column] for column in columns]
    ]


def fields(database, told):
    """What an item was told to be is what its row has for each field of its kind."""
    last = {item["id"]: item for event in told for item in entities("item", event)}
    rows = database.execute("select id, fields from items").fetchall()
    stored = [(last[row], json.loads(said)) for row, said in rows if row in last]
    return [
        f"item {item['id']} is not what was told of it last: {name}"
        for item, said in stored
        for name, value in said.items()
        if item[name] != value
    ]


def totals(database, told):
    """What is added up is what was told last, and counts the items that are there."""
    stored, last = {}, {}
    for project, kind, section, name, value in database.execute("select project_id, kind, section, sum, value from totals"):
        stored[project, kind, section, name] = value
    for _, kind, _, payload in told:
        if kind.startswith(("item.", "items.")):
            project = payload["project_id"] if kind == "items.updated" else payload["item"]["project_id"]
            for of, all_sums in payload["totals"].items():
                for sums in [{**all_sums, "section": ""}, *all_sums.get("sections", [])]:
                    for name in sums.keys() - {"section", "sections"}:
                        last[project, of, sums["section"], name] = units(sums[name])
    # A section without items is none.
    last = {key: value for key, value in last.items() if not key[2] or last[(*key[:3], "items")]}
    faults = [
        f"{key[3]} of {key[1]} {key[2]!r} in project {key[0]} is {stored.get(key)}, and was told as {last.get(key)}"
        for key in sorted(last.keys() | stored.keys())
        if last.get(key) != stored.get(key)
    ]
    counted = dict.fromkeys([(project, kind) for project, kind, section, _ in stored if not section], 0)
    for project, kind, count in database.execute(
        "select i.project_id, i.kind, count(*) from items i left join items o on o.id = i.parent_id"
        " where i.deleted_at is null and o.deleted_at is null group by 1, 2"
    ):
        counted[project, kind] = count
    return faults + [
        f"project {project} has {count} of {kind}, and counts {stored.get((project, kind, '', 'items'))}"
        for (project, kind), count in counted.items()
        if stored.get((project, kind, "", "items")) != count
    ]


def units(number):
    """A decimal, written with all its decimals, in units of the last."""
    return number if isinstance(number, int) else int(number.replace(".", ""))


def contents(database, directory):
    """Each asset that was uploaded has its file, which is what its name says."""
    faults = []
    for row, said in database.execute(
        "select i.id, i.fields from items i join projects p on p.id = i.project_id"
        " where i.kind = 'asset' and i.deleted_at is null and p.deleted_at is null"
    ):
        size, name = (json.loads(said).get(field) for field in ("size", "sha256"))
        if not name:
            continue
        file = directory / name
        if not file.is_file():
            faults.append(f"asset {row} has no file {name}")
        elif file.stat().st_size != int(size) or hashlib.sha256(file.read_bytes()).hexdigest() != name:
            faults.append(f"the file of asset {row} is not what it was")
    return faults


def answers(database, told):
    known = {event.sync_id for event in told} | {0}
    kept = database.execute("select key, sync_id from kept_answers")
    return [f"the answer under {key} is of event {sync_id}, which is not there" for key, sync_id in kept if sync_id not in known]


parser = argparse.ArgumentParser()
parser.add_argument("database")
parser.add_argument("statement", nargs="?")
parser.add_argument("--files")
asked = parser.parse_args()
mode = "rw" if asked.statement else "ro"
database = sqlite3.connect(f"file:{asked.database}?mode={mode}", uri=True, isolation_level=None)
print(json.dumps(audit(database, asked.statement, asked.files)))
