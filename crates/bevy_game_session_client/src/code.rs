//! A code that one of several services knows.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use game_session_protocol::{
    BoxedFuture, ErrorCode, JoinByCode, LeaveGameSession, Progress, Seat, ServiceError, SessionService,
};

use crate::components::Reach;
use crate::in_flight::{Answer, Reply};

/// One service that was asked.
struct Asked {
    reach: Reach,
    service: Arc<dyn SessionService>,
    seat: BoxedFuture<Result<Seat, ServiceError>>,
    error: Option<ServiceError>,
}

impl Asked {
    /// The seat, when it comes.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Seat> {
        if self.error.is_some() {
            return Poll::Pending;
        }
        match Pin::new(&mut self.seat).poll(cx) {
            Poll::Ready(Ok(seat)) => Poll::Ready(seat),
            Poll::Ready(Err(error)) => {
                self.error = Some(error);
                Poll::Pending
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// Whether the service knows the code, and says no. Only the backend is asked by who it is; on a LAN anybody may say
    /// no.
    fn refuses(&self) -> bool {
        self.reach == Reach::Online && self.error.as_ref().is_some_and(knows_code)
    }
}

fn knows_code(error: &ServiceError) -> bool {
    error.code().is_some_and(|code| *code != ErrorCode::NotFound)
}

/// Asks all at once. The first seat counts, of two in one frame that of the service named first. The other requests are
/// cancelled, and a seat that came nevertheless is given back before the answer is told: nobody holds two.
pub(crate) fn ask_all(
    services: Vec<(Reach, Arc<dyn SessionService>)>,
    request: &JoinByCode,
    progress: &Progress,
) -> Answer {
    let ask = |(reach, service): (Reach, Arc<dyn SessionService>)| Asked {
        reach,
        seat: service.join_by_code(request.clone(), progress.clone()),
        service,
        error: None,
    };
    let mut asked: Vec<_> = services.into_iter().map(ask).collect();
    Box::pin(async move {
        let (reach, seat, others) = std::future::poll_fn(|cx| poll_all(&mut asked, cx)).await?;
        drop(asked);
        for leave in others {
            let _it_lapses = leave.await;
        }
        Ok(Reply::Seat(Box::new(seat), Some(reach)))
    })
}

type Leave = BoxedFuture<Result<(), ServiceError>>;

fn poll_all(asked: &mut [Asked], cx: &mut Context<'_>) -> Poll<Result<(Reach, Seat, Vec<Leave>), ServiceError>> {
    let (mut taken, mut others) = (None, Vec::new());
    for asked in &mut *asked {
        let Poll::Ready(seat) = asked.poll(cx) else { continue };
        if taken.is_none() {
            taken = Some((asked.reach, seat));
        } else {
            let id = seat.game_session.id;
            others.push(asked.service.leave(LeaveGameSession { id }));
        }
    }
    if let Some((reach, seat)) = taken {
        return Poll::Ready(Ok((reach, seat, others)));
    }
    let done = asked.iter().all(|asked| asked.error.is_some()) || asked.iter().any(Asked::refuses);
    if done {
        Poll::Ready(Err(most_telling(asked)))
    } else {
        Poll::Pending
    }
}

/// Of several errors that of a service that knows the code, and of those the online one.
fn most_telling(asked: &mut [Asked]) -> ServiceError {
    let errors = asked.iter_mut().filter_map(|asked| asked.error.take());
    let most = errors.max_by_key(knows_code);
    most.unwrap_or_else(|| ServiceError::refused(ErrorCode::NotFound, "there is no service to ask"))
}
