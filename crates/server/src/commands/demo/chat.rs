//! What is said in the demo.

use chorus_collab::chat::{NewChannel, NewMessage};
use chorus_collab::{Answer, ChatCommand, Command};
use chorus_model::text::{MessageText, Name};
use chorus_model::{Emoji, ProjectId, UserId};

use super::execute;
use crate::Failure;
use crate::app::App;

/// Has the people talk in a project: among all of them, and two of them by themselves.
pub(super) async fn talk(app: &App, people: &[UserId], project: ProjectId) -> Result<(), Failure> {
    for (name, is_private, lines) in CHANNELS {
        let new = NewChannel {
            project,
            task: None,
            name: Name::parse("name", name).map_err(Failure::new)?,
            description: None,
            is_private: *is_private,
        };
        let made = run(app, people[0], ChatCommand::CreateChannel(new)).await?;
        let Answer::Channel(channel) = made else {
            return Err(Failure::new("no channel was made"));
        };
        if *is_private {
            let (channel, user) = (channel.id, people[1]);
            run(app, people[0], ChatCommand::AddToChannel { channel, user }).await?;
        }
        let mut parent = None;
        for (who, text, answers) in *lines {
            let new = NewMessage {
                channel: channel.id,
                content: MessageText::parse("content", text).map_err(Failure::new)?,
                metadata: None,
                parent: parent.filter(|_| *answers),
                spoken: false,
            };
            let said = run(app, people[*who], ChatCommand::PostMessage(new)).await?;
            let Answer::Message(message) = said else { continue };
            parent = Some(message.parent_id.unwrap_or(message.id));
        }
        if let Some(message) = parent {
            let emoji = Emoji::parse("emoji", "👍").map_err(Failure::new)?;
            run(app, people[0], ChatCommand::React { message, emoji, on: true }).await?;
        }
    }
    Ok(())
}

async fn run(app: &App, user: UserId, command: ChatCommand) -> Result<Answer, Failure> {
    execute(app, user, Command::Chat(command)).await
}

/// Who says what, and whether it answers what was said before.
type Line = (usize, &'static str, bool);

const CHANNELS: &[(&str, bool, &[Line])] = &[
    (
        "general",
        false,
        &[
            (0, "Good morning. Two weeks until the first shot.", false),
            (2, "The fog machine is here. It works indoors, too: sorry about the alarm.", false),
            (1, "@carol the fire watch is booked for all three nights.", true),
            (2, "Thank you!", true),
        ],
    ),
    (
        "producers",
        true,
        &[
            (1, "The second camera body costs us a day or 900 euros.", false),
            (0, "The day is dearer. Book it.", true),
        ],
    ),
];
