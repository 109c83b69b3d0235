//! The browser's files: what the build made, inside the binary, served so that a browser asks for each of them once.

use std::borrow::Cow;
use std::sync::LazyLock;

use app::server::SiteFiles;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;

use crate::words;

#[derive(RustEmbed)]
#[folder = "$SITE_PKG"]
#[allow_missing = true]
struct Site;

#[derive(Deserialize)]
struct Manifest {
    js: String,
    wasm: String,
    css: String,
}

const ICON: &str = include_str!("../../style/static/favicon.svg");
const FOR_EVER: &str = "public, max-age=31536000, immutable";

static FILES: LazyLock<Option<SiteFiles>> = LazyLock::new(|| {
    let manifest = Site::get("manifest.json")?;
    let manifest: Manifest = serde_json::from_slice(&manifest.data).ok()?;
    Some(SiteFiles {
        js: format!("/pkg/{}", manifest.js),
        wasm: format!("/pkg/{}", manifest.wasm),
        css: format!("/pkg/{}", manifest.css),
    })
});

/// The names of the files that every page asks for; `None` when the binary was built without them.
pub fn files() -> Option<&'static SiteFiles> {
    FILES.as_ref()
}

/// `/pkg/…`: one file, as small as the browser can take it.
pub async fn file(Path(name): Path<String>, headers: HeaderMap) -> Response {
    // The compressed copies and the list are ours to know of, not to be asked for.
    if has_extension(&name, "br") || name == "manifest.json" {
        return words::not_found(&headers);
    }
    let Some(plain) = Site::get(&name) else {
        return words::not_found(&headers);
    };
    let kind = plain.metadata.mimetype().to_owned();
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind };
    let smaller = if takes_brotli(&headers) { Site::get(&format!("{name}.br")) } else { None };
    let encoding = smaller.is_some().then_some([(header::CONTENT_ENCODING, "br")]);
    let EmbeddedFile { data, .. } = smaller.unwrap_or(plain);

    (
        encoding,
        [
            (header::CONTENT_TYPE, kind.as_str()),
            (header::CACHE_CONTROL, if is_named_by_its_content(&name) { FOR_EVER } else { "no-cache" }),
            (header::VARY, "accept-encoding"),
        ],
        match data {
            Cow::Borrowed(embedded) => Body::from(embedded),
            Cow::Owned(read) => Body::from(read),
        },
    )
        .into_response()
}

/// `/favicon.svg`: the same for every build, so that it is there even in a binary without a site.
pub async fn icon() -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")], ICON)
        .into_response()
}

fn has_extension(name: &str, extension: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// `style-3f9a….css`: another content would have another name.
fn is_named_by_its_content(name: &str) -> bool {
    name.rsplit_once('.')
        .and_then(|(stem, _)| stem.rsplit_once('-'))
        .is_some_and(|(_, hash)| hash.len() >= 8 && hash.chars().all(|c| c.is_ascii_hexdigit()))
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            parts.next() == Some("br") && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_follow_the_content_are_kept_for_ever() {
        assert!(is_named_by_its_content("style-3f9a01bc.css"));
        assert!(is_named_by_its_content("frontend-3f9a01bcdeadbeef.wasm"));
        for name in ["favicon.svg", "style-new.css", "style-12.css", "3f9a01bcdeadbeef", "a-b.js"] {
            assert!(!is_named_by_its_content(name), "{name}");
        }
    }

    #[test]
    fn brotli_is_sent_only_to_those_who_take_it() {
        let asks = |line: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, line.parse().expect("a header"));
            takes_brotli(&headers)
        };
        assert!(asks("gzip, deflate, br, zstd"));
        assert!(asks("br;q=0.5"));
        assert!(!asks("gzip"));
        assert!(!asks("gzip, br;q=0"));
        assert!(!takes_brotli(&HeaderMap::new()));
    }
}
