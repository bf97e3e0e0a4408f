//! Where the server is.

use std::fmt::Write as _;

use http::Uri;
use tokio::net::{TcpSocket, TcpStream};

use crate::Failure;

/// A server's address: `http://HOST[:PORT]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    host: String,
    port: u16,
}

impl Target {
    /// Reads `http://HOST[:PORT]`, with nothing but a `/` after it.
    pub(crate) fn parse(url: &str) -> Result<Self, Failure> {
        let wrong = |rule: &str| Failure::Usage(format!("--url {url}: {rule}"));
        let uri: Uri = url.parse().map_err(|_| wrong("must be http://HOST:PORT"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(wrong("this client speaks no TLS; name the server's own http address"));
            }
            _ => return Err(wrong("must begin with http://")),
        }
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(wrong("must have no path and no query"));
        }
        let host = uri.host().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("must name a host"))?.to_owned();
        Ok(Self { host, port: uri.port_u16().unwrap_or(80) })
    }

    /// `HOST:PORT`, as the header `Host` has it.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// `http://HOST:PORT`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.authority())
    }

    /// A TCP connection to it.
    pub(crate) async fn dial(&self) -> Result<TcpStream, Failure> {
        let stream = TcpStream::connect(self.place()).await;
        self.reached(stream)
    }

    /// The same, for which the system takes about so many bytes that were not read.
    pub(crate) async fn dial_narrow(&self, unread: u32) -> Result<TcpStream, Failure> {
        let dialling = async {
            let mut places = tokio::net::lookup_host(self.place()).await?;
            let place = places.next().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
            let socket = if place.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            socket.set_recv_buffer_size(unread)?;
            socket.connect(place).await
        };
        self.reached(dialling.await)
    }

    fn place(&self) -> (&str, u16) {
        (self.host.trim_start_matches('[').trim_end_matches(']'), self.port)
    }

    fn reached(&self, stream: std::io::Result<TcpStream>) -> Result<TcpStream, Failure> {
        let stream = stream.and_then(|stream| {
            stream.set_nodelay(true)?;
            Ok(stream)
        });
        stream.map_err(|source| Failure::Unreachable { url: self.url(), source })
    }
}

/// `text` as a value in a query (RFC 3986, section 2.1).
pub(crate) fn in_query(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a text cannot fail.
            write!(out, "%{byte:02X}").ok();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read() {
        for (url, authority) in [
            ("http://127.0.0.1:8000", "127.0.0.1:8000"),
            ("http://localhost/", "localhost:80"),
            ("http://[::1]:8080", "[::1]:8080"),
        ] {
            assert_eq!(Target::parse(url).unwrap().authority(), authority);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_rule() {
        for (url, rule) in [
            ("https://example.org", "speaks no TLS"),
            ("ws://127.0.0.1:1", "must begin with http://"),
            ("127.0.0.1", "must begin with http://"),
            ("http://127.0.0.1:1/api", "no path"),
            ("http://127.0.0.1:1?x=1", "no query"),
            ("not a url", "http://HOST:PORT"),
        ] {
            let error = Target::parse(url).unwrap_err().to_string();
            assert!(error.contains(rule), "{url}: {error}");
            assert!(error.contains(url), "{error}");
        }
    }

    #[test]
    fn queries_are_escaped() {
        assert_eq!(in_query("a-b_c.d~e f&g=h/ä"), "a-b_c.d~e%20f%26g%3Dh%2F%C3%A4");
    }
}
