//! Leases: a live stream goes on only while the right to it lasts.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{access::Operation, authn::Principal, operate::Operator};

/// How often a stream looks again even if nobody told it to: expiry is the only right that ends by itself.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// The right to one live stream.
pub struct Lease {
    operator: Arc<Operator>,
    who: Principal,
    operation: Operation,
    changed: watch::Receiver<()>,
}

impl Lease {
    pub(crate) fn new(operator: Arc<Operator>, who: Principal, operation: Operation, changed: watch::Receiver<()>) -> Self {
        Self { operator, who, operation, changed }
    }

    /// Ends when the right does: the credential was revoked or has expired, or the grant is gone.
    pub async fn ended(mut self) {
        while self.operator.still_allowed(&self.who, &self.operation) {
            tokio::select! {
                changed = self.changed.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }
}
