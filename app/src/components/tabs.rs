//! Tabs: pages that belong together.

use super::badge::Count;
use domain::views::Shell;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// What waits for the reader: to be decided, or to be done by hand.
#[component]
pub fn InboxTabs() -> impl IntoView {
    let (to_decide, tasks) = use_context::<Shell>().map_or((0, 0), |shell| (shell.to_decide, shell.tasks));
    view! {
        <nav class="tabs" aria-label="Inbox" id="tabs" data-live="">
            <ul>
                <Tab to="/inbox" name="Requests" count=to_decide />
                <Tab to="/tasks" name="Tasks" count=tasks />
            </ul>
        </nav>
    }
    .into_any()
}

/// Who and what can have access.
#[component]
pub fn IdentityTabs() -> impl IntoView {
    view! {
        <nav class="tabs" aria-label="Identities">
            <ul>
                <Tab to="/identities" name="People and machines" />
                <Tab to="/groups" name="Groups" />
                <Tab to="/signals" name="Approvers" />
            </ul>
        </nav>
    }
    .into_any()
}

#[component]
fn Tab(to: &'static str, name: &'static str, #[prop(optional)] count: u32) -> impl IntoView {
    let path = use_location().pathname.get_untracked();
    let here = path.strip_prefix(to).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    view! {
        <li>
            <a href=to aria-current=here.then_some("page")>
                {name}
                " "
                <Count of=count what="waiting" quiet=true />
            </a>
        </li>
    }
    .into_any()
}
