//! One WebSocket (RFC 6455), as a client.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message, protocol::CloseFrame};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::rest::reason;
use crate::{Failure, Target};

/// A socket that is open.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Asks the server to upgrade at `path`; a refusal is told in the server's words.
    pub(crate) async fn open(target: &Target, path: &str) -> Result<Self, Failure> {
        Self::upgrade(target, target.dial().await?, path).await
    }

    /// The same on a connection that takes about so many bytes that were not read.
    pub(crate) async fn open_narrow(
        target: &Target,
        path: &str,
        unread: u32,
    ) -> Result<Self, Failure> {
        Self::upgrade(target, target.dial_narrow(unread).await?, path).await
    }

    async fn upgrade(target: &Target, stream: TcpStream, path: &str) -> Result<Self, Failure> {
        let url = format!("ws://{}{path}", target.authority());
        match client_async(url, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(response)) => {
                let status = response.status().as_u16();
                let body = response.body().as_deref().unwrap_or_default();
                Err(Failure::Refused(format!("HTTP {status}, {}", reason(body))))
            }
            Err(error) => Err(Failure::Protocol(error.to_string())),
        }
    }

    /// The next text; bytes are read as text, as far as they are.
    pub(crate) async fn receive(&mut self) -> Result<String, Failure> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.as_str().to_owned()),
                Some(Ok(Message::Binary(bytes))) => {
                    return Ok(String::from_utf8_lossy(&bytes).into_owned());
                }
                Some(Ok(Message::Close(frame))) => return Err(closed(frame.as_ref())),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(Failure::Lost(error.to_string())),
                None => return Err(Failure::Lost("the server closed it".into())),
            }
        }
    }

    /// Sends a text.
    pub(crate) async fn send(&mut self, text: String) -> Result<(), Failure> {
        let sent = self.0.send(Message::text(text)).await;
        sent.map_err(|error| Failure::Lost(error.to_string()))
    }

    /// Says goodbye, and returns the texts that come before the server's own goodbye.
    pub(crate) async fn close(mut self) -> Vec<String> {
        let mut last = Vec::new();
        if self.0.close(None).await.is_ok() {
            while let Ok(text) = self.receive().await {
                last.push(text);
            }
        }
        last
    }
}

fn closed(frame: Option<&CloseFrame>) -> Failure {
    Failure::Lost(match frame {
        Some(frame) if !frame.reason.is_empty() => {
            format!("closed with {}: {}", u16::from(frame.code), frame.reason)
        }
        Some(frame) => format!("closed with {}", u16::from(frame.code)),
        None => "closed without a code".into(),
    })
}
