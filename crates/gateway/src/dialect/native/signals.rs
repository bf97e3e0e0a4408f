//! What passes, in our own words.

use chorus_model::event::Rooms;
use chorus_model::signal::{SignalBody, Upload, UploadState};
use chorus_model::{Room, Signal};
use chorus_realtime::{Deliveries, Delivery, Frame};
use serde_json::{Value, json};
use smallvec::smallvec;

use super::told;
use crate::dialect::Wire;

pub(super) fn told_of(wire: &Wire<'_>, signal: &Signal) -> Deliveries {
    match &signal.body {
        SignalBody::Typing { task, typing } => {
            let content = json!({
                "user": signal.user, "task_id": task.id, "project_id": task.project_id,
                "typing": typing, "at": signal.at,
            });
            let room = Room::Project(task.project_id);
            smallvec![deliver(wire, "typing", &[room], signal, &content)]
        }
        SignalBody::Presence { arrived, rooms, names, .. } => {
            let delivery = |room: &Room| {
                let named = names.iter().find(|named| named.room == *room);
                let name = named.map_or_else(|| room.to_string(), |n| n.name.to_string());
                let content = json!({
                    "room": name, "user": signal.user, "present": arrived, "at": signal.at,
                });
                deliver(wire, "presence", &[*room], signal, &content)
            };
            rooms.iter().map(delivery).collect()
        }
        SignalBody::Relay { room, name, content } => {
            let content: Value = serde_json::from_str(content).unwrap_or_default();
            let content = json!({
                "room": &**name, "user": signal.user, "content": content, "at": signal.at,
            });
            smallvec![deliver(wire, "message", &[*room], signal, &content)]
        }
        SignalBody::Upload(upload) => {
            let rooms = [Room::Project(upload.project), Room::User(signal.user.id)];
            smallvec![deliver(wire, "upload", &rooms, signal, &arriving(upload, signal))]
        }
    }
}

fn arriving(upload: &Upload, signal: &Signal) -> Value {
    let (state, item) = match upload.state {
        UploadState::Arriving => ("arriving", None),
        UploadState::Done(item) => ("done", Some(item)),
        UploadState::Failed => ("failed", None),
    };
    json!({
        "upload": upload.name, "user": signal.user, "project_id": upload.project,
        "name": upload.file, "received": upload.received, "total": upload.total,
        "state": state, "item_id": item, "at": signal.at,
    })
}

fn deliver(
    wire: &Wire<'_>,
    kind: &str,
    rooms: &[Room],
    signal: &Signal,
    content: &Value,
) -> Delivery {
    let frame = told(wire, kind, content);
    // Who came and went, what was said, how something ended, is not told again.
    let passing = match &signal.body {
        SignalBody::Typing { .. } => true,
        SignalBody::Upload(upload) => upload.state == UploadState::Arriving,
        SignalBody::Presence { .. } | SignalBody::Relay { .. } => false,
    };
    let frame = if passing { Frame::ephemeral(frame.bytes) } else { frame };
    let rooms = Rooms::from_slice(rooms);
    Delivery { rooms, unless: Rooms::new(), except: signal.cause, frame }
}
