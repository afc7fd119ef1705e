//! Leases: a live stream goes on only while the right to it lasts, and while the house does.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{access::Permit, audit::Ending, authn::Principal, operate::Operator};

/// How often a stream looks again even if nobody told it to: expiry is the only right that ends by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The right to one live stream.
pub struct Lease {
    operator: Arc<Operator>,
    who: Principal,
    permit: Permit,
    changed: watch::Receiver<()>,
}

/// Why a stream has to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Over {
    /// The right to it has: the credential was revoked or has expired, or the grant is gone.
    Right,
    /// Pilothouse stops.
    Stop,
}

impl Over {
    /// What is written down of a stream that ended so.
    pub fn ending(self, begun: Ending) -> Ending {
        match self {
            Over::Right => begun.revoked(),
            Over::Stop => Ending::failed(503),
        }
    }

    /// What its client is told.
    pub fn reason(self) -> &'static str {
        match self {
            Over::Right => "The right to this stream has ended.",
            Over::Stop => "Pilothouse stops.",
        }
    }
}

impl Lease {
    pub(crate) fn new(operator: Arc<Operator>, who: Principal, permit: Permit, changed: watch::Receiver<()>) -> Self {
        Self { operator, who, permit, changed }
    }

    /// Ends when the stream has to. May be dropped and asked again.
    pub async fn ended(&mut self) -> Over {
        loop {
            if self.operator.is_stopping() {
                return Over::Stop;
            }
            if !self.operator.still_allowed(&self.who, &self.permit) {
                return Over::Right;
            }
            tokio::select! {
                changed = self.changed.changed() => if changed.is_err() { return Over::Stop },
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }
}
