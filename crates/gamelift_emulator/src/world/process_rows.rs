//! Parts of a server process that are written in a form of their own.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::keys::SocketId;

/// The SDK instance that became ready; its socket does not outlive the emulator.
pub(super) mod ready_as {
    use super::{Deserialize, Deserializer, Serialize, Serializer, SocketId};

    type ReadyAs = (String, Option<SocketId>);

    pub(crate) fn serialize<S: Serializer>((token, _): &ReadyAs, serializer: S) -> Result<S::Ok, S::Error> {
        token.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ReadyAs, D::Error> {
        Ok((String::deserialize(deserializer)?, None))
    }
}

/// The newest replies: a process that comes back repeats only what it had no answer to.
pub(super) mod replies {
    use std::collections::VecDeque;

    use gamelift_server_sdk::proto::message::{FromService, Reply};

    use super::{Deserialize, Deserializer, Serializer};

    /// Replies that are written.
    const MOST: usize = 16;

    pub(crate) fn serialize<S: Serializer>(replies: &VecDeque<Reply>, serializer: S) -> Result<S::Ok, S::Error> {
        let newest = replies.iter().skip(replies.len().saturating_sub(MOST));
        serializer.collect_seq(newest.map(Reply::encode))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<VecDeque<Reply>, D::Error> {
        let frames = Vec::<String>::deserialize(deserializer)?;
        let replies = frames.iter().filter_map(|frame| match FromService::decode(frame) {
            Ok(FromService::Reply(reply)) => Some(reply),
            _ => None,
        });
        Ok(replies.collect())
    }
}
