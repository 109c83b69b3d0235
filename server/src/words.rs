//! Answers in words for what no page of the portal can say: a body too large, a form from elsewhere, a defect of ours. For people a
//! small page, for the browser part a fault it understands, for everybody else a line.

use app::fault::Fault;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use leptos::server_fn::error::FromServerFnError;

use crate::site;

/// What is said: a heading and one sentence.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    /// The status code that says the same to machines.
    pub status: StatusCode,
    /// The heading.
    pub title: &'a str,
    /// What happened, and what to do.
    pub says: &'a str,
}

impl Words<'_> {
    /// In the form that fits who asked.
    pub fn answer(&self, asked: &HeaderMap) -> Response {
        if accepts(asked, "text/html") {
            (self.status, Html(self.page())).into_response()
        } else if accepts(asked, "application/json") {
            self.fault()
        } else {
            (self.status, format!("{}\n", self.says)).into_response()
        }
    }

    fn page(&self) -> String {
        let style = site::files()
            .map_or_else(String::new, |files| format!("<link rel=\"stylesheet\" href=\"{}\">", escaped(&files.css)));
        format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <title>{title} – Sallyport</title><link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\">{style}</head>\
             <body><main class=\"gate\"><h1>{title}</h1><p>{says}</p><p><a href=\"/\">Back to Sallyport</a></p></main></body></html>",
            title = escaped(self.title),
            says = escaped(self.says),
        )
    }

    /// As the browser part expects it from a server function.
    fn fault(&self) -> Response {
        let fault = if self.status.is_server_error() {
            Fault::Ours
        } else {
            Fault::Refused { says: self.says.to_owned(), about_actor: false, race: false }
        };
        let kind = HeaderValue::from_static("application/json");
        (self.status, [(header::CONTENT_TYPE, kind)], fault.ser()).into_response()
    }
}

/// There is nothing at this address.
pub fn not_found(asked: &HeaderMap) -> Response {
    Words {
        status: StatusCode::NOT_FOUND,
        title: "There is nothing here",
        says: "This address leads nowhere: look whether it is written right.",
    }
    .answer(asked)
}

/// The address is right, the verb is not.
pub fn not_this_way(asked: &HeaderMap) -> Response {
    Words {
        status: StatusCode::METHOD_NOT_ALLOWED,
        title: "Not this way",
        says: "This address is not a page: it only takes what one of the portal's forms sends.",
    }
    .answer(asked)
}

/// Whether the client says that it takes this kind.
pub fn accepts(asked: &HeaderMap, kind: &str) -> bool {
    asked.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok()).any(|line| line.contains(kind))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_shows_what_was_typed_as_text() {
        let page = Words { status: StatusCode::FORBIDDEN, title: "<b>", says: "\"a\" & <script>" }.page();
        assert!(page.contains("<h1>&lt;b&gt;</h1><p>&quot;a&quot; &amp; &lt;script&gt;</p>"), "{page}");
    }
}
