//! Quotas: what a prefix may hold. What counts is what manifests name that came through the door while a quota was there, or that were counted: the
//! manifests themselves, their configs and their layers, each once a prefix, and tags.

use pilothouse_app::api::registry_rules::{Quota, QuotaUse};

use super::rules::{Rules, covers};
use crate::store::{
    self,
    registry_rules::{Bound, Holding, Room},
};

/// The bounds that quotas are for a repository.
pub(super) fn bounds(quotas: &[Quota], repository: &str) -> Vec<Bound> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let of = quotas.iter().filter(|quota| covers(&quota.prefix, repository));
    of.map(|quota| Bound { prefix: quota.prefix.clone(), bytes: quota.bytes.map(number), tags: quota.tags.map(number) }).collect()
}

/// Room that a manifest was given, to give back if the registry does not take it.
pub struct Given {
    fresh: bool,
    was: Option<String>,
}

fn named(registry: &str, bound: &Bound) -> String {
    if bound.prefix.is_empty() { registry.to_owned() } else { format!("{registry}/{}", bound.prefix) }
}

/// Bytes as people say them.
pub fn size(bytes: i64) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut unit = 0;
    let mut left = bytes.max(0);
    let mut rest = 0;
    while left >= 1024 && unit + 1 < units.len() {
        rest = left % 1024;
        left /= 1024;
        unit += 1;
    }
    let unit_name = units.get(unit).copied().unwrap_or_default();
    if unit == 0 { format!("{left} {unit_name}") } else { format!("{left}.{} {unit_name}", rest * 10 / 1024) }
}

impl Rules {
    /// Lets a manifest count against the quotas of its repository.
    ///
    /// # Errors
    /// In the inner result one sentence about which quota has no room for it.
    pub async fn take_room(&self, holding: Holding<'_>, bounds: &[Bound]) -> store::Result<Result<Given, String>> {
        Ok(match self.store.take_room(holding, bounds).await? {
            Room::Taken { fresh, tag } => Ok(Given { fresh, was: tag }),
            Room::Missing { bound, would } => {
                let of = named(holding.registry, &bound);
                match bound.bytes.filter(|most| would.bytes > *most) {
                    Some(most) => {
                        Err(format!("The quota of {of} is reached: it may hold {}, and with this it would hold {}.", size(most), size(would.bytes)))
                    }
                    None => Err(format!("The quota of {of} is reached: it may have no more tags than {}.", bound.tags.unwrap_or(0))),
                }
            }
        })
    }

    /// Takes it back.
    pub async fn give_back(&self, holding: Holding<'_>, given: Given) -> store::Result<()> {
        self.store.give_room_back(holding, given.fresh, given.was.as_deref()).await
    }

    /// Says that a tag, or a manifest with all tags that mean it, is gone. Call it after each deletion, on whichever way it came.
    pub async fn gone(&self, registry: &str, repository: &str, reference: &str) {
        if self.bounds(registry, repository).is_empty() {
            return;
        }
        if let Err(error) = self.store.forget_held(registry, repository, reference, crate::access::is_digest(reference)).await {
            tracing::error!(%error, registry, repository, reference, "What is gone still counts against its quota, until it is counted anew.");
        }
    }

    /// How many bytes still fit into a repository by its quotas; `None` where nothing bounds it.
    ///
    /// # Errors
    /// In the inner result one sentence about which quota is full.
    pub async fn room(&self, registry: &str, repository: &str) -> store::Result<Result<Option<u64>, String>> {
        let mut least: Option<u64> = None;
        for bound in self.bounds(registry, repository) {
            let Some(most) = bound.bytes else { continue };
            let held = self.store.held(registry, &bound.prefix).await?;
            let left = u64::try_from(most.saturating_sub(held.bytes)).unwrap_or(0);
            if left == 0 {
                return Ok(Err(format!("The quota of {} is reached: it holds {} of {}.", named(registry, &bound), size(held.bytes), size(most))));
            }
            least = Some(least.map_or(left, |least| least.min(left)));
        }
        Ok(Ok(least))
    }

    /// Of what a repository holds, how large each is, as far as that is known.
    pub async fn held_blobs(&self, registry: &str, repository: &str) -> store::Result<std::collections::HashMap<String, i64>> {
        Ok(self.store.held_blobs(registry, repository).await?.into_iter().collect())
    }

    /// How much of each quota of a registry is used.
    pub async fn uses(&self, registry: &str) -> store::Result<Vec<QuotaUse>> {
        let counted = self.store.counted(registry).await?;
        let mut uses = Vec::new();
        for quota in &self.of(registry).quotas {
            let held = self.store.held(registry, &quota.prefix).await?;
            let counted_at = counted.iter().find(|(prefix, _)| *prefix == quota.prefix).map(|(_, at)| *at);
            let number = |n: i64| u64::try_from(n).unwrap_or(0);
            uses.push(QuotaUse { prefix: quota.prefix.clone(), bytes: number(held.bytes), tags: number(held.tags), counted_at });
        }
        Ok(uses)
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_as_people_say_them() {
        assert_eq!((size(0), size(1023), size(1024)), ("0 bytes".to_owned(), "1023 bytes".to_owned(), "1.0 KiB".to_owned()));
        assert_eq!((size(1_610_612_736), size(i64::MAX)), ("1.5 GiB".to_owned(), "7.9 EiB".to_owned()));
    }
}
