//! Shows a newer certificate on the listener when there is one.

use std::{sync::Arc, time::Duration};

use crate::http::Tls;

const EVERY: Duration = Duration::from_secs(60);

pub async fn renew_certificate(tls: Arc<Tls>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(why) = tls.renew() {
            tracing::warn!("The listener goes on with the certificate it has. {why}");
        }
    }
}
