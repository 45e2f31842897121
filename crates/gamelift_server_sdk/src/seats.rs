//! All player sessions, page after page.

use std::{
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::Stream;

use crate::{DescribePlayerSessions, Error, GameLiftServer, PlayerSession, PlayerSessions};

type Page = Pin<Box<dyn Future<Output = Result<PlayerSessions, Error>> + Send>>;

/// The player sessions that a request is about: a [`Stream`], or a loop around [`next`](Self::next). A page is asked for
/// when the one before is used up. After an error it is over.
pub struct PlayerSessionStream {
    server: GameLiftServer,
    request: DescribePlayerSessions,
    asking: Option<Page>,
    seats: VecDeque<PlayerSession>,
    more: bool,
}

impl PlayerSessionStream {
    pub(crate) fn new(server: GameLiftServer, request: DescribePlayerSessions) -> Self {
        Self {
            server,
            request,
            asking: None,
            seats: VecDeque::new(),
            more: true,
        }
    }

    /// The next player session; `None` after the last.
    ///
    /// # Errors
    /// Those of `describe_player_sessions()`, and [`Error::BadReply`] when the service would go round in circles.
    pub async fn next(&mut self) -> Option<Result<PlayerSession, Error>> {
        poll_fn(|cx| Pin::new(&mut *self).poll_next(cx)).await
    }

    /// Takes a page in.
    fn take(&mut self, page: PlayerSessions) -> Result<(), Error> {
        self.more = !page.next_token.is_empty();
        if self.more && self.request.next_token.as_ref() == Some(&page.next_token) {
            self.more = false;
            return Err(Error::BadReply {
                action: "DescribePlayerSessions",
                reason: "the page after this one is this one".to_owned(),
            });
        }
        self.request.next_token = Some(page.next_token);
        self.seats = page.player_sessions.into();
        Ok(())
    }
}

impl Stream for PlayerSessionStream {
    type Item = Result<PlayerSession, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(seat) = self.seats.pop_front() {
                return Poll::Ready(Some(Ok(seat)));
            }
            if !self.more {
                return Poll::Ready(None);
            }
            let (server, request) = (self.server.clone(), self.request.clone());
            let asking = self
                .asking
                .get_or_insert_with(|| Box::pin(async move { server.describe_player_sessions(request).await }));
            let page = ready!(asking.as_mut().poll(cx));
            self.asking = None;
            if let Err(error) = page.and_then(|page| self.take(page)) {
                self.more = false;
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

impl fmt::Debug for PlayerSessionStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlayerSessionStream")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
