//! The few small pictures. Each stands beside a word, so none of them is read out.

use leptos::prelude::*;

/// A picture in a 16 by 16 box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is named after what it shows")]
pub enum Icon {
    Ask,
    Back,
    Bolt,
    Check,
    Chevron,
    Clock,
    Cross,
    End,
    Gear,
    Inbox,
    Info,
    Key,
    Lock,
    Note,
    Out,
    Plus,
    Search,
    Shield,
    Warn,
}

impl Icon {
    /// The picture.
    pub fn svg(self) -> impl IntoView {
        view! { <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" inner_html=self.drawing()></svg> }
    }

    fn drawing(self) -> &'static str {
        match self {
            Self::Ask => r#"<path d="M2 8h11m-4-4 4 4-4 4"/>"#,
            Self::Back => r#"<path d="M10 3.5 5.5 8l4.5 4.5"/>"#,
            Self::Bolt => r#"<path d="M9 1.8 3.5 9H8l-1 5.2L12.5 7H8z"/>"#,
            Self::Check => r#"<path d="m3 8.5 3.2 3.2L13 4.8"/>"#,
            Self::Chevron => r#"<path d="m6 3.5 4.5 4.5L6 12.5"/>"#,
            Self::Clock => r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 4.5V8l2.4 1.6"/>"#,
            Self::Cross => r#"<path d="m4 4 8 8m0-8-8 8"/>"#,
            Self::End => r#"<circle cx="8" cy="8" r="6.2"/><path d="M5.2 8h5.6"/>"#,
            Self::Gear => {
                r#"<rect x="3" y="3" width="10" height="10" rx="2"/><path d="M6 1v2m4-2v2M6 13v2m4-2v2M1 6h2m-2 4h2m10-4h2m-2 4h2"/>"#
            }
            Self::Inbox => r#"<path d="M2 9.5 4 3h8l2 6.5V13H2zm0 0h3.5l1 1.5h3l1-1.5H14"/>"#,
            Self::Info => r#"<circle cx="8" cy="8" r="6.2"/><path d="M8 7.3v3.9M8 4.8v.1"/>"#,
            Self::Key => r#"<circle cx="5" cy="11" r="3"/><path d="m7.2 8.8 6-6m-2.4 2.4 2 2"/>"#,
            Self::Lock => {
                r#"<rect x="3" y="7" width="10" height="7" rx="1.5"/><path d="M5.3 7V5a2.7 2.7 0 0 1 5.4 0v2"/>"#
            }
            Self::Note => r#"<path d="M2 3h12v8.5H7L4 14v-2.5H2z"/>"#,
            Self::Out => r#"<path d="M6 3H3v10h3m1-5h7m-3-3 3 3-3 3"/>"#,
            Self::Plus => r#"<path d="M8 3v10M3 8h10"/>"#,
            Self::Search => r#"<circle cx="7" cy="7" r="4.7"/><path d="m10.5 10.5 3.7 3.7"/>"#,
            Self::Shield => {
                r#"<path d="M8 1.8 13 3.5v4c0 3.2-2 5.5-5 6.7-3-1.2-5-3.5-5-6.7v-4z"/><path d="m5.7 7.9 1.7 1.7 3-3.2"/>"#
            }
            Self::Warn => r#"<path d="M8 2 1.5 13.5h13zM8 6.5v3.2m0 2v.1"/>"#,
        }
    }
}

/// The portal's name with its gate.
#[component]
pub fn Wordmark() -> impl IntoView {
    view! {
        <svg viewBox="0 0 32 32" aria-hidden="true">
            <path class="door" d="M15 29H3V16A12 12 0 0 1 15 3.5z"></path>
            <path class="way" d="M19.2 5.5A10.7 10.7 0 0 1 27.8 16v11.8h-8.6z"></path>
        </svg>
        "Sallyport"
    }
    .into_any()
}
