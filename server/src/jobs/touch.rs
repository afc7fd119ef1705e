//! Writes now and then when sessions, tokens and certificates were last used, and forgets what has expired.

use std::{sync::Arc, time::Duration};

use crate::{authn::Credentials, clock::now_ms, store::Store};

const EVERY: Duration = Duration::from_secs(60);

pub async fn touch_credentials(credentials: Arc<Credentials>, store: Store) {
    loop {
        tokio::time::sleep(EVERY).await;
        let used = credentials.used();
        if let Err(error) = store.touch(&used.sessions, &used.tokens, &used.certificates, now_ms()).await {
            tracing::warn!(%error, "When credentials were last used could not be written.");
        }
    }
}
