//! Passkeys: asks the browser for one, and sends what it gives as a plain form. Pages say what works without this.

use super::browser::{all_of, on, property};
use leptos::prelude::*;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Element, HtmlButtonElement, HtmlElement, HtmlFormElement, HtmlInputElement};

/// Shows the buttons and listens to them.
pub fn start() {
    for form in all_of(&document(), "form[data-passkey]") {
        let Ok(Some(button)) = form.query_selector("button[data-ask]") else { continue };
        // Fails only for attributes without a name.
        let _ = button.remove_attribute("hidden");
        on(&button.clone(), "click", move |_| spawn_local(ask(form.clone(), button.clone())));
    }
}

async fn ask(form: Element, button: Element) {
    let wait = |busy: bool| {
        if let Some(button) = button.dyn_ref::<HtmlButtonElement>() {
            button.set_disabled(busy);
        }
    };
    wait(true);
    say(&form, "");
    match answered(&form).await {
        Ok(answer) => {
            let field = form.query_selector("input[name=passkey]").ok().flatten();
            if let (Some(field), Some(form)) =
                (field.and_then(|f| f.dyn_into::<HtmlInputElement>().ok()), form.dyn_ref::<HtmlFormElement>())
            {
                field.set_value(&answer);
                // Fails only for a button of another form.
                let _ = form.request_submit();
            }
        }
        Err(why) => say(&form, &in_words(&why)),
    }
    wait(false);
}

/// What the browser gives for the options in the form, as JSON (Web Authentication, section 5.1).
async fn answered(form: &Element) -> Result<String, JsValue> {
    let options = js_sys::JSON::parse(&form.get_attribute("data-options").unwrap_or_default())?;
    let makes = form.get_attribute("data-passkey").as_deref() == Some("create");
    let (reads, does) =
        if makes { ("parseCreationOptionsFromJSON", "create") } else { ("parseRequestOptionsFromJSON", "get") };
    let options = call(&property(&window(), "PublicKeyCredential"), reads, &options)?;
    let wanted = js_sys::Object::new();
    js_sys::Reflect::set(&wanted, &JsValue::from_str("publicKey"), &options)?;
    let promise = call(&property(&window().navigator(), "credentials"), does, &wanted)?;
    let given = JsFuture::from(promise.dyn_into::<js_sys::Promise>()?).await?;
    Ok(js_sys::JSON::stringify(&given)?.into())
}

fn call(of: &JsValue, method: &str, with: &JsValue) -> Result<JsValue, JsValue> {
    property(of, method).dyn_into::<js_sys::Function>()?.call1(of, with)
}

fn in_words(why: &JsValue) -> String {
    match property(why, "name").as_string().as_deref() {
        Some("NotAllowedError") => "Nothing was confirmed: it was cancelled, or took too long.",
        Some("InvalidStateError") => "This passkey is known here already.",
        Some("SecurityError") => "Passkeys do not work at this address.",
        Some(_) | None => "This browser cannot use passkeys here.",
    }
    .to_owned()
}

fn say(form: &Element, text: &str) {
    if let Ok(Some(status)) = form.query_selector("[role=status]")
        && let Some(status) = status.dyn_ref::<HtmlElement>()
    {
        status.set_text_content(Some(text));
    }
}
