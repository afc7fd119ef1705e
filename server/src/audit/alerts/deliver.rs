//! Tells each place what fired, again and again until it has taken it. A place that hangs holds up nobody else.

use std::{collections::HashSet, sync::Arc, time::Duration};

use tokio::task::JoinSet;

use super::{
    super::{
        Ending,
        forward::{
            Batch, Item, Secret, Sink, SinkError,
            webhook::{LINES, Webhook},
        },
    },
    Alerts,
    look::places,
    message::{self, Told},
};
use crate::{
    access::TOLD,
    authn::secret,
    clock::now_ms,
    outgoing,
    store::{
        Result, StoreError,
        audit::{AlertRow, DeliveryRow, WEBHOOK},
    },
};

/// How many messages are on their way at once.
const MOST: usize = 32;
/// How often it is looked whether one's time has come.
const EVERY: Duration = Duration::from_secs(1);
/// How long to wait until the database is asked again that could not be.
const AGAIN: Duration = Duration::from_secs(5);
/// How long to wait after the first failure; twice that after the next, and so on, up to the longest.
const FIRST_PAUSE_MS: i64 = 2_000;
const LONGEST_PAUSE_MS: i64 = 600_000;
/// After this long a message is given up.
const GIVEN_UP_MS: i64 = 7 * 86_400_000;

/// What came of a message to one place.
pub struct Sent {
    /// Where it is, without anything that could be a secret.
    pub to: String,
    /// What the place did, in a sentence; in `Err` why it has not taken it.
    pub said: std::result::Result<String, String>,
}

impl Alerts {
    /// Sends what has fired, as long as it is let.
    pub async fn deliver(self: Arc<Self>) {
        let mut running: JoinSet<(String, String)> = JoinSet::new();
        let mut busy = HashSet::new();
        loop {
            if !self.leads() {
                tokio::time::sleep(AGAIN).await;
                continue;
            }
            let limit = u32::try_from(MOST + busy.len()).unwrap_or(u32::MAX);
            match self.store.due_deliveries(now_ms(), limit).await {
                Ok(due) => {
                    for delivery in due {
                        let key = (delivery.firing.clone(), delivery.place.clone());
                        if busy.len() < MOST && busy.insert(key.clone()) {
                            let alerts = self.clone();
                            running.spawn(async move {
                                alerts.attempt(&delivery).await;
                                key
                            });
                        }
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "Alerts that wait could not be read.");
                    tokio::time::sleep(AGAIN).await;
                }
            }
            tokio::select! {
                Some(Ok(key)) = running.join_next(), if !running.is_empty() => drop(busy.remove(&key)),
                () = self.fired.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Tries one delivery, and writes down what came of it.
    async fn attempt(&self, delivery: &DeliveryRow) {
        let alert = match self.store.alert(&delivery.alert).await {
            Ok(Some(alert)) => alert,
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "An alert could not be read.");
                return tokio::time::sleep(AGAIN).await;
            }
        };
        let told = serde_json::from_str(&delivery.body).map_err(|_| SinkError::Stop("What was to be told cannot be read.".to_owned()));
        let done = match told {
            Ok(told) => self.send(&alert, &delivery.place, &delivery.firing, &told).await,
            Err(why) => Err(why),
        };
        let to = to(&alert, &delivery.place);
        let now = now_ms();
        let why = match &done {
            Ok(()) => {
                until_written(|| self.store.delivered(delivery, now)).await;
                return self.note(TOLD[1], to, &alert, "", Ending::ok(200)).await;
            }
            Err(SinkError::Away(why) | SinkError::Stop(why)) => why,
        };
        let stops = matches!(done, Err(SinkError::Stop(_))) || now - delivery.began > GIVEN_UP_MS;
        let next_at = (!stops).then(|| now + pause(delivery.tries));
        tracing::warn!(alert = alert.name, to, given_up = stops, "An alert did not arrive. {why}");
        until_written(|| self.store.not_delivered(delivery, why, next_at, now)).await;
        if delivery.tries == 0 || stops {
            let rest = if stops { "It is given up." } else { "It is tried again." };
            self.note(TOLD[1], to, &alert, &format!("{why} {rest}"), Ending::failed(503)).await;
        }
    }

    /// Sends a message to one place.
    async fn send(&self, alert: &AlertRow, place: &str, id: &str, told: &Told) -> std::result::Result<(), SinkError> {
        let away = |why: &str| SinkError::Away(why.to_owned());
        if place != WEBHOOK {
            let mailer = self.mailer.as_ref().ok_or_else(|| away("The settings have no [mail] any more."))?;
            return mailer.send(place, &told.subject(), told.text(), &format!("alert-{id}")).await;
        }
        let hook = self.hook(alert).map_err(|why| SinkError::Away(format!("The webhook cannot be used: {why}.")))?;
        let hook = hook.ok_or_else(|| away("The alert has no webhook any more."))?;
        let url = outgoing::address(&hook.url).map_err(away)?;
        let mut webhook = Webhook { url, secret: Secret(hook.secret), tls: self.tls.clone(), media: LINES };
        let line = serde_json::to_string(told).map_err(|_| away("What is to be told has no text."))?;
        let items = vec![Item { kind: "alert", line, ..Item::default() }];
        webhook.send(&Batch { id: format!("alert/{}/{id}", alert.id), items }).await.map(drop)
    }

    /// Sends a message that says that it is a test to each place of an alert, now and once.
    pub async fn try_out(&self, alert: &AlertRow) -> Vec<Sent> {
        let told = message::test(alert, &self.external_url, now_ms());
        let id = secret::id().unwrap_or_else(|_| now_ms().to_string());
        let sends = places(alert).into_iter().map(async |place| {
            let said = match self.send(alert, &place, &id, &told).await {
                Ok(()) => Ok(if place == WEBHOOK { "It answered that it took it." } else { "The mail server took it." }.to_owned()),
                Err(SinkError::Away(why) | SinkError::Stop(why)) => Err(why),
            };
            Sent { to: to(alert, &place), said }
        });
        futures_util::future::join_all(sends).await
    }
}

/// Where a message goes, without anything that could be a secret.
fn to(alert: &AlertRow, place: &str) -> String {
    if place == WEBHOOK { alert.webhook.clone() } else { place.to_owned() }
}

fn pause(tries: i64) -> i64 {
    let doubled = FIRST_PAUSE_MS.saturating_mul(1 << tries.clamp(0, 20));
    doubled.min(LONGEST_PAUSE_MS)
}

/// Writes what has happened, as long as it takes: what was sent must not be sent again because the disk was busy.
async fn until_written<F: Future<Output = Result<()>>>(write: impl Fn() -> F) {
    while let Err(error) = write().await {
        // Whoever changed the alert meanwhile took it away.
        if matches!(error, StoreError::Missing) {
            return;
        }
        tracing::error!(%error, "What came of an alert could not be written; it is tried again.");
        tokio::time::sleep(AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        assert_eq!((pause(0), pause(1), pause(4)), (2_000, 4_000, 32_000));
        assert_eq!((pause(12), pause(10_000), pause(-1)), (LONGEST_PAUSE_MS, LONGEST_PAUSE_MS, 2_000));
    }
}
