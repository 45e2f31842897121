//! The AWS API: one typed model, two codecs.

pub(crate) mod codec;
pub(crate) mod dispatch;
mod legacy;
