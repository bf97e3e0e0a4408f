//! Files in bodies: taken as they come, piece by piece, and given out the same way.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use axum::response::Response;
use chorus_collab::files::{Content, Pieces};
use futures_util::stream;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http_body_util::BodyExt as _;
use tokio::io::AsyncReadExt as _;

use crate::error::Refusal;

/// For how long the next piece of a file may take to come.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that are read of a file at once.
const PIECE: usize = 64 * 1024;

/// A file that is the body of a request.
#[derive(Debug)]
pub(crate) struct Upload {
    body: Body,
    /// What the request says that it is.
    pub(crate) media_type: Option<String>,
}

impl<S: Send + Sync> FromRequest<S> for Upload {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let kind = request.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
        let media_type = kind.map(|kind| String::from_utf8_lossy(kind).into_owned());
        if media_type.as_deref().is_some_and(|kind| kind.trim_start().starts_with("multipart/")) {
            return Err(Refusal::Form);
        }
        Ok(Self { body: request.into_body(), media_type })
    }
}

impl Pieces for Upload {
    type Error = Refusal;

    fn total(&self) -> Option<u64> {
        self.body.size_hint().exact()
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Refusal> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.body.frame()).await;
            match frame.map_err(|_| Refusal::TooSlow)? {
                None => return Ok(None),
                Some(Err(_)) => return Err(Refusal::Incomplete),
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }
}

/// Answers with a file. Whatever it is, a browser keeps it rather than shows it, because it comes
/// from the origin that the page has its rights from.
pub(crate) fn given_out(content: Content) -> Response {
    let values = &content.asset.values;
    let media_type = HeaderValue::try_from(values.text("media_type"));
    let disposition = HeaderValue::try_from(disposition(values.text("name")));
    let size = content.size;
    let pieces = stream::try_unfold(content, async |mut content| {
        let mut piece = vec![0; PIECE];
        let read = content.file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((Bytes::from(piece), content)))
    });
    let mut response = Response::new(Body::from_stream(pieces));
    let headers = response.headers_mut();
    let unknown = HeaderValue::from_static("application/octet-stream");
    headers.insert(CONTENT_TYPE, media_type.unwrap_or(unknown));
    headers.insert(CONTENT_LENGTH, size.into());
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    let nameless = HeaderValue::from_static("attachment");
    headers.insert(CONTENT_DISPOSITION, disposition.unwrap_or(nameless));
    response
}

/// To be kept under this name (RFC 6266, section 4.3, and RFC 8187).
fn disposition(name: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&b);
    let mut text = "attachment; filename*=UTF-8''".to_owned();
    for byte in name.bytes() {
        if plain(byte) {
            text.push(byte.into());
        } else {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            text.push('%');
            text.push(HEX[usize::from(byte >> 4)].into());
            text.push(HEX[usize::from(byte & 15)].into());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped() {
        for (name, expected) in [
            ("plan.pdf", "plan.pdf"),
            ("a b\".txt", "a%20b%22.txt"),
            ("план", "%D0%BF%D0%BB%D0%B0%D0%BD"),
            ("a\r\nb", "a%0D%0Ab"),
        ] {
            assert_eq!(disposition(name), format!("attachment; filename*=UTF-8''{expected}"));
        }
    }
}
