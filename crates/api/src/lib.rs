//! The HTTP door: REST, status pages and the web page.
