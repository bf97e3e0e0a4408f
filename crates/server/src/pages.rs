//! The files of the demo page, compiled into the binary.

use chorus_api::Page;
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../web/demo"]
struct Files;

/// Every file with the path it is served at.
pub(crate) fn demo() -> Vec<Page> {
    let page = |name: std::borrow::Cow<'static, str>| {
        let file = Files::get(&name)?;
        let path = if name == "index.html" { "/".into() } else { format!("/demo/{name}") };
        Some(Page { path, content_type: content_type(&name), bytes: file.data.into_owned().into() })
    };
    Files::iter().filter(|name| !name.ends_with(".md")).filter_map(page).collect()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "text/plain; charset=utf-8",
    }
}
