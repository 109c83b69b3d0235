//! The few words of the browser that the parts share.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, DomParser, Element, Event, EventTarget, RequestInit, Response, SupportedType};

/// The first element that fits a selector.
pub fn one<T: JsCast>(selector: &str) -> Option<T> {
    document().query_selector(selector).ok()??.dyn_into().ok()
}

/// Every element that fits a selector, in the page or in a part of it.
pub fn all(within: &Element, selector: &str) -> Vec<Element> {
    listed(within.query_selector_all(selector))
}

/// Every element of a document that fits a selector.
pub fn all_of(document: &Document, selector: &str) -> Vec<Element> {
    listed(document.query_selector_all(selector))
}

fn listed(found: Result<web_sys::NodeList, JsValue>) -> Vec<Element> {
    let Ok(found) = found else { return Vec::new() };
    (0..found.length()).filter_map(|at| found.item(at)?.dyn_into().ok()).collect()
}

/// Does something whenever an event happens, for as long as the page is open.
pub fn on(target: &EventTarget, event: &str, act: impl Fn(Event) + 'static) {
    let act = Closure::<dyn Fn(Event)>::new(act);
    // Fails only for an event without a name.
    let _ = target.add_event_listener_with_callback(event, act.as_ref().unchecked_ref());
    act.forget();
}

/// A property of an element that depends on what kind of element it is.
pub fn property(of: &JsValue, name: &str) -> JsValue {
    js_sys::Reflect::get(of, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

/// A page, or a part of one, from its text.
pub fn parsed(html: &str) -> Option<Document> {
    DomParser::new().ok()?.parse_from_string(html, SupportedType::TextHtml).ok()
}

/// What the portal answers, and whether it is a yes; nothing when it could not be reached.
pub struct Answer {
    /// Whether the status says yes.
    pub ok: bool,
    /// Where it was found in the end.
    pub url: String,
    /// The text.
    pub text: String,
}

/// Asks the portal for a page by itself: nobody pressed anything, so it does not count as using the session.
pub async fn get(url: &str) -> Option<Answer> {
    let how = RequestInit::new();
    how.set_headers(&headers("text/html", ("X-Sallyport-Refresh", "1"))?);
    fetch(url, &how).await
}

/// Sends a form to the portal, which answers in JSON.
pub async fn post(url: &str, form: &str) -> Option<Answer> {
    let how = RequestInit::new();
    how.set_method("POST");
    how.set_headers(&headers("application/json", ("Content-Type", "application/x-www-form-urlencoded"))?);
    how.set_body(&JsValue::from_str(form));
    fetch(url, &how).await
}

fn headers(accept: &str, (name, value): (&str, &str)) -> Option<JsValue> {
    let headers = web_sys::Headers::new().ok()?;
    headers.set("Accept", accept).ok()?;
    headers.set(name, value).ok()?;
    Some(headers.into())
}

async fn fetch(url: &str, how: &RequestInit) -> Option<Answer> {
    let response = JsFuture::from(window().fetch_with_str_and_init(url, how)).await.ok()?;
    let response: Response = response.dyn_into().ok()?;
    let text = JsFuture::from(response.text().ok()?).await.ok()?.as_string()?;
    Some(Answer { ok: response.ok(), url: response.url(), text })
}
