//! One Engine.IO session: the handshake, the heartbeat, and messages over either transport.

use std::collections::VecDeque;
use std::time::Duration;

use chorus_protocol::engineio::{self, Opening, Packet, payload};
use tokio::time::{Instant, timeout_at};

use super::polling::Polling;
use super::websocket::Socket;
use crate::options::Transport;
use crate::{Failure, Target};

/// The most packets of one payload that are read.
const MAX_PACKETS: usize = 100_000;

/// A session that is open.
pub(super) struct Session {
    carrier: Carrier,
    came: VecDeque<Frame>,
    /// How long the server may be silent, and when it will have been silent for too long.
    silence: Duration,
    deadline: Instant,
    owes_pong: bool,
}

enum Carrier {
    WebSocket(Box<Socket>),
    Polling(Polling),
}

/// A packet that came, as far as a client cares.
#[derive(Debug, PartialEq, Eq)]
enum Frame {
    Open(String),
    Close,
    Ping,
    Message(String),
    Other,
}

impl From<Packet<'_>> for Frame {
    fn from(packet: Packet<'_>) -> Self {
        match packet {
            Packet::Open(body) => Self::Open(body.into()),
            Packet::Close => Self::Close,
            Packet::Ping(_) => Self::Ping,
            Packet::Message(body) => Self::Message(body.into()),
            Packet::Pong(_) | Packet::Upgrade | Packet::Noop | Packet::Binary(_) => Self::Other,
        }
    }
}

impl Session {
    /// Opens a session; `query` follows the protocol's own parameters, `&` first.
    pub(super) async fn open(
        target: &Target,
        transport: Transport,
        query: &str,
    ) -> Result<Self, Failure> {
        let path = |transport| format!("/socket.io/?EIO=4&transport={transport}{query}");
        let carrier = match transport {
            Transport::Websocket => {
                Carrier::WebSocket(Box::new(Socket::open(target, &path("websocket")).await?))
            }
            Transport::Polling => Carrier::Polling(Polling::new(target, path("polling"))),
        };
        let mut session = Self {
            carrier,
            came: VecDeque::new(),
            silence: super::PATIENCE,
            deadline: Instant::now() + super::PATIENCE,
            owes_pong: false,
        };
        let Frame::Open(body) = session.frame().await? else {
            return Err(Failure::Protocol("the first packet is no handshake".into()));
        };
        session.enter(&body)?;
        Ok(session)
    }

    fn enter(&mut self, body: &str) -> Result<(), Failure> {
        let opening =
            Opening::decode(body).map_err(|error| Failure::Protocol(error.to_string()))?;
        if let Carrier::Polling(polling) = &mut self.carrier {
            polling.enter(&opening.sid);
        }
        let silence = opening.ping_interval_ms.saturating_add(opening.ping_timeout_ms);
        self.silence = Duration::from_millis(silence);
        self.deadline = Instant::now() + self.silence;
        Ok(())
    }

    /// The next message for the layer above. Nothing is lost if the caller stops waiting.
    pub(super) async fn receive(&mut self) -> Result<String, Failure> {
        loop {
            // Before the wait, so that a pong is made up for if the caller stopped waiting in it.
            if self.owes_pong {
                self.send(engineio::PONG.into()).await?;
                self.owes_pong = false;
            }
            match self.frame().await? {
                Frame::Message(body) => return Ok(body),
                Frame::Ping => self.owes_pong = true,
                Frame::Close => return Err(Failure::Lost("the server ended the session".into())),
                Frame::Open(_) | Frame::Other => {}
            }
        }
    }

    /// Sends a packet that is already encoded.
    pub(super) async fn send(&mut self, packet: String) -> Result<(), Failure> {
        match &mut self.carrier {
            Carrier::WebSocket(socket) => socket.send(packet).await,
            Carrier::Polling(polling) => polling.send(packet).await,
        }
    }

    /// Ends the session, and returns the messages that come before the server agrees.
    pub(super) async fn close(mut self) -> Vec<String> {
        match self.carrier {
            Carrier::WebSocket(socket) => {
                let texts = socket.close().await;
                let frames = texts.iter().filter_map(|text| Packet::decode_text(text).ok());
                self.came.extend(frames.map(Frame::from));
            }
            Carrier::Polling(polling) => {
                // The session is over either way.
                polling.send(engineio::CLOSE.into()).await.ok();
            }
        }
        let messages = self.came.into_iter().filter_map(|frame| match frame {
            Frame::Message(body) => Some(body),
            _ => None,
        });
        messages.collect()
    }

    async fn frame(&mut self) -> Result<Frame, Failure> {
        loop {
            if let Some(frame) = self.came.pop_front() {
                return Ok(frame);
            }
            let text =
                timeout_at(self.deadline, self.carrier.receive()).await.map_err(|_| {
                    Failure::Lost(format!("the server was silent for {} s", self.silence.as_secs()))
                })??;
            self.deadline = Instant::now() + self.silence;
            let wrong = |error: engineio::DecodeError| Failure::Protocol(error.to_string());
            match self.carrier {
                Carrier::WebSocket(_) => {
                    self.came.push_back(Packet::decode_text(&text).map_err(wrong)?.into());
                }
                Carrier::Polling(_) => {
                    for packet in payload::split(&text, MAX_PACKETS) {
                        self.came.push_back(packet.map_err(wrong)?.into());
                    }
                }
            }
        }
    }
}

impl Carrier {
    async fn receive(&mut self) -> Result<String, Failure> {
        match self {
            Self::WebSocket(socket) => socket.receive().await,
            Self::Polling(polling) => polling.receive().await,
        }
    }
}
