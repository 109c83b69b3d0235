//! The running portal: everything between a socket (or a command line) and the operations. No rule of the portal lives here.

pub mod client;
pub mod command;
pub mod config;
pub mod demo;
pub mod events;
pub mod forms;
pub mod guard;
pub mod logs;
pub mod memory;
pub mod router;
pub mod serve;
pub mod session;
pub mod site;
pub mod stop;
pub mod words;
pub mod worker;

use std::sync::Arc;

use app::Demo;
use operations::Portal;
use tokio::sync::Notify;

use crate::config::{Origin, Settings};
use crate::events::Changes;
use crate::guard::RequestIds;
use crate::stop::Stop;

// A page is thousands of short-lived values, made on one thread and let go on another.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// What all routes and layers of one running portal share.
#[derive(Clone)]
pub struct Running {
    /// What can be done.
    pub portal: Portal,
    /// How it is set.
    pub settings: Arc<Settings>,
    /// How one signs in to it, if it is a demo.
    pub demo: Option<Demo>,
    /// Wakes the worker.
    pub wake: Arc<Notify>,
    /// What open pages listen to.
    pub changes: Changes,
    /// Hears when it is to stop.
    pub stop: Stop,
    /// Numbers the requests.
    pub request_ids: Arc<RequestIds>,
}

impl Running {
    /// The origin that the portal is known by, where it is set.
    pub fn own_origin(&self) -> Option<&str> {
        self.settings.public_url.as_ref().map(Origin::as_str)
    }
}
