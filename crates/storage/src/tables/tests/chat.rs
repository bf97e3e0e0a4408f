use chorus_model::{Channel, ChannelId, MessageId, ProjectId, Reaction, SyncId, UserId};

use super::boards::project_of;
use super::people::user;
use crate::fixture::Scratch;
use crate::{ChannelFilter, MessageFilter, NewChannel, NewMessage, Page};

fn channel(scratch: &Scratch, project: ProjectId, name: &str, is_private: bool) -> Channel {
    let new = NewChannel {
        project_id: project,
        task_id: None,
        name: name.into(),
        description: None,
        is_private,
        creator_id: UserId(1),
    };
    scratch.tx(|tx| tx.insert_channel(&new))
}

fn say(scratch: &Scratch, channel: ChannelId, by: UserId, answers: Option<MessageId>) -> MessageId {
    let new = NewMessage {
        channel_id: channel,
        author_id: by,
        parent_id: answers,
        content: " x ".into(),
        metadata: None,
    };
    scratch.tx(|tx| tx.insert_message(&new)).id
}

#[test]
fn a_private_channel_is_listed_to_its_members_alone() {
    let scratch = Scratch::new();
    let (ann, ben) = (user(&scratch, "ann"), user(&scratch, "ben"));
    let project = project_of(&scratch, &ann);
    let open = channel(&scratch, project.id, "open", false);
    let closed = channel(&scratch, project.id, "closed", true);
    let listed = |user: UserId, sees_all| {
        let filter = ChannelFilter::default();
        let found = scratch.tx(|tx| tx.channels(user, sees_all, filter, Page::FIRST));
        found.into_iter().map(|channel| channel.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(ann.id, false), [open.id]);
    scratch.tx(|tx| tx.open_channel_membership(closed.id, ann.id, SyncId(5)));
    assert_eq!(listed(ann.id, false), [open.id, closed.id]);
    assert_eq!(listed(ben.id, false), []);
    assert_eq!(listed(ben.id, true), [open.id]);
    let named = |name| scratch.tx(|tx| tx.channel_named(project.id, None, name));
    assert_eq!((named("OPEN"), named("closed")), (Some(open.id), None));

    let intervals = || scratch.tx(|tx| tx.channel_intervals_of(ann.id));
    scratch.tx(|tx| tx.close_channel_memberships_around(project.id, Some(ben.id), SyncId(7)));
    assert_eq!(intervals()[0].to, None);
    scratch.tx(|tx| tx.close_channel_memberships_around(project.id, Some(ann.id), SyncId(8)));
    let [interval] = *intervals() else { panic!("one stay") };
    assert_eq!((interval.channel, interval.from), (closed.id, SyncId(5)));
    assert_eq!(interval.to, Some(SyncId(8)));
}

#[test]
fn messages_are_counted_until_they_are_read() {
    let scratch = Scratch::new();
    let (ann, ben) = (user(&scratch, "ann"), user(&scratch, "ben"));
    let project = project_of(&scratch, &ann);
    let here = channel(&scratch, project.id, "open", false).id;
    let first = say(&scratch, here, ben.id, None);
    let answer = say(&scratch, here, ben.id, Some(first));
    say(&scratch, here, ann.id, None);
    let marker = || scratch.tx(|tx| tx.read_marker(ann.id, here)).unwrap();
    assert_eq!((marker().unread, marker().last_read_id), (2, None));
    let read = |upto| scratch.tx(|tx| tx.mark_channel_read(ann.id, here, upto));
    assert!(read(answer) && !read(first), "nobody reads backwards");
    assert_eq!((marker().unread, marker().last_read_id), (0, Some(answer)));

    let messages = |parent| {
        let filter = MessageFilter { before: None, parent };
        scratch.tx(|tx| tx.messages_of(here, filter, Page::FIRST))
    };
    assert_eq!(messages(Some(first)).iter().map(|one| one.id).collect::<Vec<_>>(), [answer]);
    assert_eq!(messages(None)[2].replies, 1);
    scratch.tx(|tx| tx.delete_message(answer));
    assert_eq!(messages(None)[1].replies, 0);
    scratch.tx(|tx| tx.delete_channel(here));
    assert!(messages(None).is_empty());
    assert_eq!(scratch.tx(|tx| tx.read_markers(ann.id, Page::FIRST)), []);
}

#[test]
fn signs_are_grouped_in_the_order_in_which_they_were_left() {
    let scratch = Scratch::new();
    let (ann, ben) = (user(&scratch, "ann"), user(&scratch, "ben"));
    let project = project_of(&scratch, &ann);
    let here = channel(&scratch, project.id, "open", false).id;
    let message = say(&scratch, here, ann.id, None);
    let leave = |emoji, by: UserId| scratch.tx(|tx| tx.insert_reaction(message, emoji, by));
    assert!(leave("z", ann.id) && leave("a", ben.id) && leave("z", ben.id));
    assert!(!leave("z", ben.id));
    let signs = || scratch.tx(|tx| tx.message(message)).unwrap().reactions;
    let sign =
        |emoji: &str, users: &[UserId]| Reaction { emoji: emoji.into(), users: users.into() };
    assert_eq!(signs(), [sign("z", &[ann.id, ben.id]), sign("a", &[ben.id])]);
    assert!(scratch.tx(|tx| tx.delete_reaction(message, "z", ann.id)));
    assert_eq!(scratch.tx(|tx| tx.reaction_count(message)), 2);
    assert_eq!(signs(), [sign("a", &[ben.id]), sign("z", &[ben.id])]);
}
