//! How clients come in and speak: the transport, the dialect, and what they say before they have
//! joined.

use crate::guests::Ticket;

/// A kind of client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Socket.IO over WebSocket, as all contenders speak it.
    SocketIo,
    /// The same, by a client that wants to take a lost connection up.
    Recovering,
    /// Socket.IO over long-polling.
    Polling,
    /// Chorus in the words of another application, over Socket.IO.
    Flux,
    /// Chorus in its own words, over a raw WebSocket.
    Native,
    /// The same, by a client that asks and is answered, and hears no room.
    Asking,
    /// Chorus in the words of another application, over a raw WebSocket.
    Envelope,
    /// The protocol of NATS, which has no path and no packets.
    Nats,
}

/// How far a client is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Waits for the answer to its first request.
    Upgrading,
    /// Waits for the first message.
    Opening,
    /// Waits for the word that the room is joined.
    Joining,
    /// Hears what happens there.
    Joined,
}

/// What a message means to who reads it.
#[derive(Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Something is to be said.
    Answer(String),
    /// The client is one stage further, and says something if there is something.
    Forward(Stage, Option<String>),
    /// It is for the application.
    Told,
    /// The server does not want this client.
    Refused,
    /// Nothing.
    Nothing,
}

impl Way {
    /// What is asked for first.
    pub fn path(self, ticket: &Ticket) -> String {
        let Ticket { token, room, .. } = ticket;
        let engine = |transport, more| {
            format!("/socket.io/?EIO=4&transport={transport}&token={token}&room={room}{more}")
        };
        match self {
            Self::SocketIo => engine("websocket", "&recovery=0"),
            Self::Recovering => engine("websocket", "&recovery=1"),
            Self::Polling => engine("polling", "&recovery=0"),
            Self::Flux => "/socket.io/?EIO=4&transport=websocket&recovery=0".into(),
            Self::Native | Self::Asking => format!("/api/v1/ws/native?token={token}"),
            Self::Envelope => format!("/api/v1/ws/connect?token={token}"),
            Self::Nats => String::new(),
        }
    }

    /// What a message means at a stage. `kept` is the payload of a CONNECT that takes up what was.
    pub fn read(self, stage: Stage, text: &[u8], ticket: &Ticket, kept: Option<&str>) -> Meaning {
        match self {
            Self::Native | Self::Asking | Self::Envelope => self.read_raw(stage, text, ticket),
            _ => self.read_packet(stage, text, ticket, kept),
        }
    }

    fn read_packet(
        self,
        stage: Stage,
        text: &[u8],
        ticket: &Ticket,
        kept: Option<&str>,
    ) -> Meaning {
        let flux = self == Self::Flux;
        match (stage, text) {
            (_, b"2") => Meaning::Answer("3".into()),
            (Stage::Opening, [b'0', ..]) => {
                let connect = match kept {
                    Some(payload) => format!("40{payload}"),
                    None if flux => format!(r#"40/flux,{{"token":"{}"}}"#, ticket.token),
                    None => "40".into(),
                };
                Meaning::Forward(Stage::Joining, Some(connect))
            }
            (_, [b'4', b'4', ..]) => Meaning::Refused,
            (Stage::Joining, [b'4', b'0', ..]) if flux => Meaning::Answer(format!(
                r#"42/flux,["join:project",{{"projectId":"{}"}}]"#,
                ticket.project
            )),
            (Stage::Joining, _) if text.starts_with(welcome(flux)) => {
                Meaning::Forward(Stage::Joined, None)
            }
            (Stage::Joining | Stage::Joined, [b'4', b'2', ..]) => Meaning::Told,
            _ => Meaning::Nothing,
        }
    }

    fn read_raw(self, stage: Stage, text: &[u8], ticket: &Ticket) -> Meaning {
        let has = |part: &str| memchr::memmem::find(text, part.as_bytes()).is_some();
        match stage {
            Stage::Opening if self == Self::Asking && has(r#""type":"connected""#) => {
                Meaning::Forward(Stage::Joined, None)
            }
            Stage::Opening if has(r#""type":"connected""#) => {
                let project = ticket.project;
                let join = if self == Self::Native {
                    format!(
                        r#"{{"type":"subscribe","id":1,"data":{{"room":"project:{project}"}}}}"#
                    )
                } else {
                    format!(r#"{{"type":"join_room","room":"project:{project}"}}"#)
                };
                Meaning::Forward(Stage::Joining, Some(join))
            }
            Stage::Joining if has(r#""ok":true"#) || has(r#""type":"joined_room""#) => {
                Meaning::Forward(Stage::Joined, None)
            }
            Stage::Joining if has(r#""ok":false"#) || has(r#""type":"error""#) => Meaning::Refused,
            Stage::Joined => Meaning::Told,
            _ => Meaning::Nothing,
        }
    }
}

fn welcome(flux: bool) -> &'static [u8] {
    if flux { b"42/flux,[\"presence:update\"" } else { b"42[\"connected\"" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket() -> Ticket {
        Ticket { token: "t".into(), room: "hall".into(), project: 7, first_task: 1 }
    }

    #[test]
    fn a_client_of_socket_io_joins_in_two_steps() {
        let read = |stage, text: &str| Way::SocketIo.read(stage, text.as_bytes(), &ticket(), None);
        let forward = Meaning::Forward(Stage::Joining, Some("40".into()));
        assert_eq!(read(Stage::Opening, r#"0{"sid":"x"}"#), forward);
        assert_eq!(read(Stage::Joining, r#"40{"sid":"y"}"#), Meaning::Nothing);
        assert_eq!(
            read(Stage::Joining, r#"42["connected",{}]"#),
            Meaning::Forward(Stage::Joined, None)
        );
        assert_eq!(read(Stage::Joined, r#"42["connected",{}]"#), Meaning::Told);
        assert_eq!(read(Stage::Joined, "2"), Meaning::Answer("3".into()));
        assert_eq!(read(Stage::Joining, r#"44{"message":"no"}"#), Meaning::Refused);
    }

    #[test]
    fn who_comes_back_shows_what_it_kept() {
        let kept = Some(r#"{"pid":"p"}"#);
        let read = Way::Recovering.read(Stage::Opening, b"0{}", &ticket(), kept);
        assert_eq!(read, Meaning::Forward(Stage::Joining, Some(r#"40{"pid":"p"}"#.into())));
    }

    #[test]
    fn raw_clients_join_by_their_own_words() {
        let opened = br#"{"data":{},"type":"connected"}"#;
        for (way, word) in [(Way::Native, "subscribe"), (Way::Envelope, "join_room")] {
            let Meaning::Forward(Stage::Joining, Some(said)) =
                way.read(Stage::Opening, opened, &ticket(), None)
            else {
                panic!("{way:?} does not join");
            };
            assert!(said.contains(word) && said.contains("project:7"), "{said}");
        }
        let asking = Way::Asking.read(Stage::Opening, opened, &ticket(), None);
        assert_eq!(asking, Meaning::Forward(Stage::Joined, None));
    }
}
