//! The parts of which pages are made.

pub mod acts;
pub mod badge;
pub mod cards;
pub mod diff;
pub mod field;
pub mod icon;
pub mod list;
pub mod note;
pub mod passkey;
pub mod picks;
pub mod remarks;
pub mod request;
pub mod review;
pub mod ruling;
pub mod tabs;
pub mod time;
pub mod timeline;
pub mod trouble;
pub mod words;
