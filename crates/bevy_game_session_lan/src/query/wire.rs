//! The two datagrams of discovery. All integers big-endian.
//!
//! A query has exactly [`QUERY_BYTES`]; what is not used is zero. The padding is what keeps a forged sender from using a
//! host to hit somebody else with more than was sent.
//!
//! | bytes | query |
//! |---|---|
//! | 0..4 | `BGSL` |
//! | 4 | version, 1 |
//! | 5 | kind, 1 |
//! | 6..14 | the game's mark: the first bytes of a hash of its name |
//! | 14..22 | nonce, random for every query |
//! | 22 | which part of the description is wanted |
//! | 23 | who is asked: 0 everybody, 1 one host, 2 the one with a code |
//! | 24..40 | the host's id, or the code's tag |
//!
//! | bytes | reply |
//! |---|---|
//! | 0..6 | as above, kind 2 |
//! | 6..14 | the nonce of the query |
//! | 14..30 | the host's id |
//! | 30..34 | revision: a new one for every change of the description |
//! | 34, 35 | which part this is, of how many; 0 of 0 says that there is no game session any more |
//! | 36.. | that part of the description, at most [`PART_BYTES`] |
//!
//! In every version the size of a query, its bytes 0..22, and the bytes 0..30 of a reply are as here: so that hosts and
//! players of different versions see that the other one is there, and no more.

use crate::id::{GameMark, HostId};

/// The size of every query, and so the most of a reply: fits in one packet on any network.
pub(crate) const QUERY_BYTES: usize = 1200;
/// The most of a description in one reply.
pub(crate) const PART_BYTES: usize = QUERY_BYTES - HEAD_BYTES;
/// The most parts of a description.
pub(crate) const MOST_PARTS: u8 = 8;

const HEAD_BYTES: usize = 36;
const MAGIC: [u8; 4] = *b"BGSL";
const VERSION: u8 = 1;
const QUERY: u8 = 1;
const REPLY: u8 = 2;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Everybody who is listed.
    Any,
    /// One host, listed or not.
    Host(HostId),
    /// The host whose join code has this tag, listed or not.
    Code([u8; 8]),
}

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) game: GameMark,
    pub(crate) nonce: [u8; 8],
    pub(crate) part: u8,
    pub(crate) wanted: Wanted,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) nonce: [u8; 8],
    pub(crate) host: HostId,
    pub(crate) revision: u32,
    pub(crate) part: u8,
    pub(crate) parts: u8,
    pub(crate) body: Vec<u8>,
}

/// Eats a datagram from the front.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn head(&mut self, kind: u8) -> Option<()> {
        (self.version(kind)? == VERSION).then_some(())
    }

    fn other_head(&mut self, kind: u8) -> Option<()> {
        (self.version(kind)? != VERSION).then_some(())
    }

    fn version(&mut self, kind: u8) -> Option<u8> {
        let (magic, version) = (self.take::<4>()?, self.byte()?);
        (magic == MAGIC && self.byte()? == kind).then_some(version)
    }
}

impl Query {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(QUERY_BYTES);
        bytes.extend(MAGIC);
        bytes.extend([VERSION, QUERY]);
        bytes.extend(self.game.0);
        bytes.extend(self.nonce);
        bytes.push(self.part);
        match self.wanted {
            Wanted::Any => bytes.push(0),
            Wanted::Host(host) => {
                bytes.push(1);
                bytes.extend(host.0);
            }
            Wanted::Code(tag) => {
                bytes.push(2);
                bytes.extend(tag);
            }
        }
        bytes.resize(QUERY_BYTES, 0);
        bytes
    }

    /// `None` for anything that [`Self::encode`] does not make; the padding's content is not looked at.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() != QUERY_BYTES {
            return None;
        }
        let mut reader = Reader(bytes);
        reader.head(QUERY)?;
        Some(Self {
            game: GameMark(reader.take()?),
            nonce: reader.take()?,
            part: reader.byte()?,
            wanted: match reader.byte()? {
                0 => Wanted::Any,
                1 => Wanted::Host(HostId(reader.take()?)),
                2 => Wanted::Code(reader.take()?),
                _ => return None,
            },
        })
    }
}

/// The game and the nonce of a query in another version.
pub(crate) fn query_of_another_version(bytes: &[u8]) -> Option<(GameMark, [u8; 8])> {
    if bytes.len() != QUERY_BYTES {
        return None;
    }
    let mut reader = Reader(bytes);
    reader.other_head(QUERY)?;
    Some((GameMark(reader.take()?), reader.take()?))
}

/// The nonce and the host of a reply in another version.
pub(crate) fn reply_of_another_version(bytes: &[u8]) -> Option<([u8; 8], HostId)> {
    if bytes.len() > QUERY_BYTES {
        return None;
    }
    let mut reader = Reader(bytes);
    reader.other_head(REPLY)?;
    Some((reader.take()?, HostId(reader.take()?)))
}

impl Reply {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD_BYTES + self.body.len());
        bytes.extend(MAGIC);
        bytes.extend([VERSION, REPLY]);
        bytes.extend(self.nonce);
        bytes.extend(self.host.0);
        bytes.extend(self.revision.to_be_bytes());
        bytes.extend([self.part, self.parts]);
        bytes.extend(&self.body);
        bytes
    }

    /// `None` for anything that [`Self::encode`] does not make of a valid reply.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > QUERY_BYTES {
            return None;
        }
        let mut reader = Reader(bytes);
        reader.head(REPLY)?;
        let reply = Self {
            nonce: reader.take()?,
            host: HostId(reader.take()?),
            revision: u32::from_be_bytes(reader.take()?),
            part: reader.byte()?,
            parts: reader.byte()?,
            body: reader.0.to_vec(),
        };
        let gone = reply.part == 0 && reply.parts == 0 && reply.body.is_empty();
        let described = reply.part < reply.parts && reply.parts <= MOST_PARTS && !reply.body.is_empty();
        (gone || described).then_some(reply)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wanted() -> impl Strategy<Value = Wanted> {
        prop_oneof![
            Just(Wanted::Any),
            any::<[u8; 16]>().prop_map(|id| Wanted::Host(HostId(id))),
            any::<[u8; 8]>().prop_map(Wanted::Code),
        ]
    }

    proptest! {
        #[test]
        fn a_query_is_read_as_it_was_written(game: [u8; 8], nonce: [u8; 8], part: u8, wanted in wanted()) {
            let query = Query { game: GameMark(game), nonce, part, wanted };
            let bytes = query.encode();
            prop_assert_eq!(bytes.len(), QUERY_BYTES);
            prop_assert_eq!(Query::decode(&bytes), Some(query));
            prop_assert_eq!(Query::decode(&bytes[1..]), None);
        }

        #[test]
        fn a_reply_is_read_as_it_was_written(
            nonce: [u8; 8], host: [u8; 16], revision: u32, parts in 1..=MOST_PARTS, at: u8,
            body in proptest::collection::vec(any::<u8>(), 1..=PART_BYTES),
        ) {
            let reply = Reply { nonce, host: HostId(host), revision, part: at % parts, parts, body };
            let bytes = reply.encode();
            prop_assert!(bytes.len() <= QUERY_BYTES);
            prop_assert_eq!(Reply::decode(&bytes), Some(reply));
        }

        #[test]
        fn reading_garbage_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..1300), kind in 1u8..3) {
            let _ = (Query::decode(&bytes), Reply::decode(&bytes));
            let mut headed = MAGIC.to_vec();
            headed.extend([VERSION, kind]);
            headed.extend(bytes);
            let _ = (Query::decode(&headed), Reply::decode(&headed));
            headed[4] = VERSION + 1;
            let _ = (query_of_another_version(&headed), reply_of_another_version(&headed));
        }
    }
}
