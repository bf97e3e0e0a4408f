use super::*;
use crate::id::{ChannelId, ProjectId, UserId};

fn user(id: i64) -> UserRef {
    UserRef { id: UserId(id), username: "ann".into(), full_name: "Ann".into(), email: None }
}

#[test]
fn names_round_trip() {
    for name in ["project:7", "user:-1", "everyone"] {
        assert_eq!(name.parse::<Room>().unwrap().to_string(), name);
        assert_eq!(name.parse::<Scope>().unwrap().to_string(), name);
    }
    assert_eq!("channel:7".parse::<Scope>().unwrap().to_string(), "channel:7");
    assert_eq!("team:7".parse::<Room>(), Err(UnknownName));
}

#[test]
fn of_a_private_channel_the_project_is_told_nothing() {
    let of = |is_private| {
        let (id, project_id) = (ChannelId(5), ProjectId(3));
        let channel = ChannelRef { id, project_id, name: "cuts".into(), is_private };
        let (message_id, emoji) = (MessageId(9), "👍".into());
        Body::ReactionAdded { message_id, emoji, channel }
    };
    let (project, channel) = (ProjectId(3), ChannelId(5));
    let rooms = [Room::Project(project), Room::Channel(project, channel)];
    assert_eq!(of(false).rooms().as_slice(), rooms);
    assert_eq!(of(false).scope(), Scope::Project(project));
    assert_eq!(of(true).rooms().as_slice(), [Room::Private(project, channel)]);
    assert_eq!(of(true).scope(), Scope::Channel(channel));
}

#[test]
fn kind_is_what_the_wire_says() {
    let member = Member {
        project_id: ProjectId(3),
        user_id: UserId(2),
        user: user(2),
        role: ProjectRole::Viewer,
        joined_at: Timestamp::default(),
    };
    let body = Body::MemberUpdated { member, old_role: ProjectRole::Member };
    let json = serde_json::to_value(&body).unwrap();
    assert_eq!(json["kind"], body.kind());
    assert_eq!(json["payload"]["old_role"], "member");
    assert_eq!(serde_json::from_value::<Body>(json).unwrap(), body);
    assert_eq!(body.rooms().as_slice(), [Room::Project(ProjectId(3)), Room::User(UserId(2))]);
}

#[test]
fn a_comment_of_before_there_were_replies_is_read() {
    let at = "2026-11-20T10:28:55.034831Z";
    let told = serde_json::json!({
        "kind": "comment.created",
        "payload": {
            "comment": {
                "id": 5, "task_id": 7, "project_id": 3, "body": "Hm", "author_id": 2,
                "author": user(2), "is_edited": false, "version": 1, "created_at": at,
                "updated_at": at,
            },
            "task": { "id": 7, "project_id": 3, "title": "Dig" },
        },
    });
    let Body::CommentCreated { comment, .. } = serde_json::from_value(told).unwrap() else {
        panic!("another event")
    };
    assert_eq!(comment.parent_id, None);
}
