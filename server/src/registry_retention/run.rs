//! Runs a plan: deletes what it shows, a manifest at a time, each after a look whether it may still go. What is in doubt stays.
//!
//! A registry deletes without conditions: a tag that somebody moves to a manifest in the instant between the look and the deletion goes along.
//! Pushes through Pilothouse are seen in the trail, where they stand before the registry hears of them; of others a look is some seconds old.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use pilothouse_app::api::registry_retention::{Keep, Reason};

use super::{Alone, KeptItem, Retention, RetentionError, is_narrowest, items_of, keep_of, look::Look, read::Reader};
use crate::{
    access::{Operation, Permission, Permit, tidied},
    audit::{Ending, Entry, field},
    authn::{Door, Origin, Principal, secret},
    backends::oci::{Ask, RegistryError, Said},
    clock::now_ms,
    operate::{Begun, Refused},
    store::retention::{RetentionPlanRow, RetentionRunRow},
};

/// How long a registry may take to delete a manifest.
const DELETE: Duration = Duration::from_secs(120);
/// How long is waited for others who change the same tags.
const PATIENCE: Duration = Duration::from_secs(10);
/// After so many failures it stops.
const FAILURES: i64 = 5;

/// Who runs it.
#[derive(Clone)]
pub enum Whom {
    Person(Principal),
    /// Its schedule: Pilothouse itself, for a rule that is named so.
    Schedule(String),
}

impl Whom {
    fn name(&self) -> Option<String> {
        match self {
            Whom::Person(who) => Some(who.subject.user.to_string()),
            Whom::Schedule(_) => None,
        }
    }
}

/// What came of one manifest.
enum Came {
    Gone,
    Spared(String),
    Failed(String),
    /// Nothing more is to be deleted.
    Stop(String),
}

/// What a plan lets go, by repository.
type Going = BTreeMap<String, Vec<Goer>>;

/// A manifest that a plan lets go.
pub(super) struct Goer {
    pub digest: String,
    /// All of its tags.
    pub tags: BTreeSet<String>,
    /// What it speaks of, which goes, too.
    pub subject: Option<String>,
}

/// Everything at hand while a plan is run.
struct Runs {
    whom: Whom,
    row: RetentionRunRow,
    rule: String,
    _alone: Alone,
}

impl Retention {
    /// Begins to run a plan, and answers with the run; it goes on by itself, and ends `entry`. What is read is read with `permit`.
    pub async fn start(
        self: &Arc<Self>,
        whom: Whom,
        permit: Permit,
        mut entry: Entry,
        plan: RetentionPlanRow,
    ) -> Result<RetentionRunRow, RetentionError> {
        let items = items_of(&plan);
        let prepared = async {
            let alone = self.alone(&plan.registry)?;
            let (reader, going) = (self.reader(&plan.registry)?, going(items?));
            let now = now_ms();
            let row = RetentionRunRow {
                id: secret::id()?,
                registry: plan.registry.clone(),
                prefix: plan.prefix.clone(),
                plan: Some(plan.id.clone()),
                started_at: now,
                touched_at: now,
                started_by: whom.name(),
                state: "running".to_owned(),
                planned: i64::try_from(going.values().map(Vec::len).sum::<usize>()).unwrap_or(i64::MAX),
                ..RetentionRunRow::default()
            };
            if !self.store.add_retention_run(&row).await? {
                return Err(RetentionError::Used);
            }
            Ok((Runs { whom, row, rule: plan.rule.clone(), _alone: alone }, reader, going))
        };
        let (mut runs, reader, going) = match prepared.await {
            Ok(prepared) => prepared,
            Err(error) => {
                entry.finish(Ending::failed(409));
                return Err(error);
            }
        };
        entry.made(&runs.row.id);
        let (row, retention) = (runs.row.clone(), self.clone());
        tokio::spawn(async move {
            let stopped = retention.all(&mut runs, &permit, &reader, going).await.err();
            let done = &mut runs.row;
            (done.ended_at, done.touched_at) = (Some(now_ms()), now_ms());
            done.state = if stopped.is_some() { "stopped" } else { "done" }.to_owned();
            if let Some(why) = &stopped {
                done.note.clone_from(why);
            }
            entry.changed(vec![
                field("manifests that went", None, Some(&done.gone.to_string())),
                field("tags that went", None, Some(&done.tags_gone.to_string())),
                field("spared", None, Some(&done.spared.to_string())),
            ]);
            entry.note(&done.note);
            entry.finish(if stopped.is_some() { Ending::failed(409) } else { Ending::ok(200) });
            if let Err(error) = retention.store.touch_retention_run(done).await {
                tracing::error!(%error, "The end of a retention run could not be kept.");
            }
        });
        Ok(row)
    }

    /// Every manifest of a plan, repository by repository.
    async fn all(&self, runs: &mut Runs, permit: &Permit, reader: &Reader, going: Going) -> Result<(), String> {
        for (repository, mut goers) in going {
            let keep = self.still_ruled(runs, &repository).await?;
            let mut look = Look::new(reader, keep, repository);
            look.refresh(permit).await?;
            look.order(&mut goers);
            for Goer { digest, tags, .. } in goers {
                if self.operator.is_stopping() {
                    return Err("Pilothouse stops.".to_owned());
                }
                if let Whom::Person(who) = &runs.whom
                    && !self.operator.still_allowed(who, permit)
                {
                    return Err("The right to this has ended.".to_owned());
                }
                look.refresh(permit).await?;
                match self.one(runs, &mut look, &digest, &tags).await {
                    Came::Gone => {
                        runs.row.gone += 1;
                        runs.row.tags_gone += i64::try_from(tags.len()).unwrap_or(0);
                    }
                    Came::Spared(why) => {
                        look.spare(&digest);
                        runs.row.spared += 1;
                        runs.row.note = why;
                    }
                    Came::Failed(why) => {
                        look.spare(&digest);
                        runs.row.failed += 1;
                        if runs.row.failed >= FAILURES {
                            return Err(why);
                        }
                        runs.row.note = why;
                    }
                    Came::Stop(why) => return Err(why),
                }
                runs.row.touched_at = now_ms();
                // What is shown of it is not worth stopping for.
                let _ = self.store.touch_retention_run(&runs.row).await;
            }
        }
        Ok(())
    }

    /// What the rule keeps now, if it is still the one that counts for a repository.
    async fn still_ruled(&self, runs: &Runs, repository: &str) -> Result<Keep, String> {
        let rules = self.store.retention_rules(Some(&runs.row.registry)).await.map_err(|_| "The rules could not be read.".to_owned())?;
        let rule = rules.iter().find(|rule| rule.id == runs.rule).ok_or("The rule is gone.")?;
        if !is_narrowest(rule, &rules, repository) {
            return Err(format!("Another rule counts for {repository} by now."));
        }
        keep_of(rule).map_err(|error| error.to_string())
    }

    /// One manifest: decided, written down, looked at once more, deleted.
    async fn one(&self, runs: &Runs, look: &mut Look<'_>, digest: &str, tags: &BTreeSet<String>) -> Came {
        let registry = &runs.row.registry;
        let operation = Operation::on_repository("RetentionDelete", Permission::RepositoryDelete, registry, &look.repository, digest);
        let (permit, mut entry) = match self.begin(&runs.whom, operation).await {
            Ok(begun) => begun,
            Err(why) => return Came::Stop(why),
        };
        let names = tags.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        entry.changed(vec![field("digest", Some(digest), None), field("tags", Some(&names), None)]);
        // From here on nobody lets one of its tags mean something else.
        let locks = tags.iter().map(|tag| format!("{registry}/{}:{tag}", look.repository)).collect();
        let Some(_alone) = self.registries.tags.take_all(locks, PATIENCE).await else {
            let why = "somebody is changing one of its tags.";
            entry.note(&format!("It was spared: {why}"));
            entry.finish(Ending::failed(409));
            return Came::Spared(format!("{}@{digest} was spared: {why}", look.repository));
        };
        match look.still_goes(&permit, digest, tags).await {
            Ok(None) => {}
            Ok(Some(why)) => {
                entry.note(&format!("It was spared: {why}"));
                entry.finish(Ending::failed(409));
                return Came::Spared(format!("{}@{digest} was spared: {why}", look.repository));
            }
            Err(why) => {
                entry.note(&why);
                entry.finish(Ending::failed(503));
                return Came::Stop(why);
            }
        }
        match delete(look.reader, &permit, &look.repository, digest).await {
            Ok(status) if status.is_success() => {
                entry.finish(Ending::ok(status.as_u16()));
                look.forget(digest);
                self.rules.gone(registry, &look.repository, digest).await;
                Came::Gone
            }
            Ok(StatusCode::NOT_FOUND) => {
                entry.finish(Ending::failed(404));
                look.forget(digest);
                self.rules.gone(registry, &look.repository, digest).await;
                Came::Spared(format!("{}@{digest} was gone already.", look.repository))
            }
            Ok(status @ (StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED | StatusCode::BAD_REQUEST)) => {
                entry.finish(Ending::failed(status.as_u16()));
                Came::Stop(format!("Registry {registry} does not let manifests be deleted: it answered with {}.", status.as_u16()))
            }
            Ok(status @ (StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS)) => {
                entry.finish(Ending::failed(status.as_u16()));
                Came::Stop(format!("Registry {registry} does not let Pilothouse delete: it answered with {}.", status.as_u16()))
            }
            Ok(status) => {
                entry.finish(Ending::failed(status.as_u16()));
                Came::Failed(format!("{}@{digest} could not be deleted: the registry answered with {}.", look.repository, status.as_u16()))
            }
            Err(error) => {
                // It may be gone or not: so what was read is of no use any more.
                entry.note(&error.to_string());
                entry.finish(Ending::unknown());
                look.outdate();
                Came::Failed(format!("Whether {}@{digest} was deleted is not known. {error}", look.repository))
            }
        }
    }

    /// Decides and writes down the intent, for whoever runs it.
    async fn begin(&self, whom: &Whom, operation: Operation) -> Result<(Permit, Entry), String> {
        let down = "The audit trail cannot be written, so nothing more is deleted.";
        match whom {
            Whom::Person(who) => match self.operator.begin(who, operation).await {
                Ok(Begun { permit, entry, .. }) => Ok((permit, entry)),
                Err(Refused::Denied(denied)) => Err(denied.reason),
                Err(_) => Err(down.to_owned()),
            },
            Whom::Schedule(rule) => {
                let permit = tidied(operation, rule).ok_or("This is nothing that a schedule does.")?;
                let entry = self.operator.trail().begin_as(None, &by_itself(), &permit).await.map_err(|_| down.to_owned())?;
                Ok((permit, entry))
            }
        }
    }
}

/// Where what a schedule does comes from.
pub fn by_itself() -> Origin {
    Origin { door: Door::Start, address: "-".into(), client: "".into() }
}

/// What a plan lets go, by repository.
fn going(items: Vec<KeptItem>) -> Going {
    let mut by_digest: BTreeMap<(String, String), Goer> = BTreeMap::new();
    for item in items.into_iter().filter(|item| item.goes) {
        let KeptItem { repository, tag, digest, reason, detail, .. } = item;
        let subject = detail.filter(|_| reason == Reason::SubjectGoes);
        let new = || Goer { digest: digest.clone(), tags: BTreeSet::new(), subject };
        by_digest.entry((repository, digest.clone())).or_insert_with(new).tags.insert(tag);
    }
    let mut going = Going::new();
    for ((repository, _), goer) in by_digest {
        going.entry(repository).or_default().push(goer);
    }
    going
}

/// The only request here that deletes: one manifest, by its digest.
async fn delete(reader: &Reader, permit: &Permit, repository: &str, digest: &str) -> Result<StatusCode, RegistryError> {
    let ask = Ask {
        method: Method::DELETE,
        path: format!("/v2/{repository}/manifests/{digest}"),
        headers: HeaderMap::new(),
        body: Said::Bytes(Bytes::new()),
        scopes: vec![format!("repository:{repository}:pull,push,delete")],
        deadline: DELETE,
    };
    Ok(reader.registry.send(permit, ask).await?.response.status())
}
