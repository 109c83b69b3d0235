//! The words and rules of Sallyport. No input or output, no clock, no chance: everything here is a pure function of its arguments.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

pub mod actor;
pub mod authenticator;
pub mod authority;
pub mod bundle;
pub mod canonical;
pub mod condition;
pub mod delegation;
pub mod departure;
pub mod event;
pub mod exception;
pub mod facts;
pub mod form;
pub mod grant;
pub mod group;
pub mod guardrail;
pub mod identity;
pub mod ids;
pub mod job;
pub mod minutes;
pub mod nearest;
pub mod portal;
pub mod refusal;
pub mod replay;
pub mod request;
pub mod resource;
pub mod review;
pub mod ruling;
pub mod shown;
pub mod signals;
pub mod stepup;
pub mod text;
pub mod views;

pub use actor::Actor;
pub use refusal::Refusal;
