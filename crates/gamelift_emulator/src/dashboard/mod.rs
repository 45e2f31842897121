//! The dashboard: one page at `/`, its files, and the stream of what it shows.
//!
//! The page carries the run's control secret, so it is given only to a browser that opens it as a page of its own: `Host`
//! and `Origin` have been checked before, a frame, an image or a script of another page is refused, and no other page
//! may frame it, open it with a handle on it, or read it.

mod assets;
mod stream;

pub(crate) use self::{assets::answer, stream::open};

/// Watchers at the same time.
pub(crate) const MAX_WATCHERS: usize = 64;
