//! One request against the guardrails: judged by what it says, then by what it would use of what the engine has already.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Guardrails,
    images::{self, Image},
    project,
};
use crate::{
    access::{
        Permit, Thing,
        guard::{self, Ask, Finding, Guardrail, Join, Kind, Mode, Namespace, Rule, Unread, Verdict, Workload, judge, reduce, unjudgeable},
    },
    authn::Principal,
    backends::docker::{
        Engine, EngineError,
        belongings::not_found,
        typed::{looks, project as labelled},
    },
    clock::now_ms,
    store::guardrails::HitRow,
};

/// How many things of the engine's one workload may use: each is looked at.
const MOST_LOOKS: usize = 64;

/// Why a request goes no further.
#[derive(Debug)]
pub enum Stopped {
    /// A guardrail does not allow it.
    Guardrail(Finding),
    /// It has what no guardrail can judge.
    Unreadable(Finding),
    /// What it would use could not be looked at.
    Engine(EngineError),
}

/// That it passed, and what to write down of it; empty for nothing.
#[derive(Debug, Default)]
pub struct Checked {
    pub note: String,
}

/// How far its own words bring a request.
#[allow(clippy::large_enum_variant, reason = "one a request, and it is moved once")]
enum Words {
    /// No rule is about it.
    Free,
    /// Rules that only warn cannot read it.
    Unread(Verdict),
    /// These rules are in force, and what it asks for is none that they stop so far.
    On(Vec<Guardrail>, Option<Workload>),
}

impl Guardrails {
    /// Judges what `ask` says, and, where rules ask for it, what it would use of what `engine` has.
    pub async fn check(&self, engine: &Engine, permit: &Permit, who: &Principal, ask: &Ask<'_>) -> Result<Checked, Stopped> {
        let (rules, workload) = match self.words(engine, permit, who, ask)? {
            Words::Free => return Ok(Checked::default()),
            Words::Unread(verdict) => {
                self.record(permit, who, &verdict);
                return Ok(checked(&verdict.warned));
            }
            Words::On(rules, workload) => (rules, workload),
        };
        let mut all = Verdict::default();
        let mut looked = Looked { engine, permit, rules: &rules, left: MOST_LOOKS };
        for workload in looked.all(ask, workload).await? {
            let verdict = judge(&rules, &workload);
            all.stopped = all.stopped.or(verdict.stopped);
            all.warned.extend(verdict.warned);
            if all.stopped.is_none() && looked.has(Rule::is_of_images) {
                let images = self.images_of(&mut looked, &workload).await?;
                self.judge_images(&rules, &images, &mut all).await;
            }
        }
        self.record(permit, who, &all);
        match all.stopped {
            Some(finding) => Err(Stopped::Guardrail(finding)),
            None => Ok(checked(&all.warned)),
        }
    }

    /// Judges what `ask` says and nothing else: the engine hears nothing of what that refuses.
    pub fn check_words(&self, engine: &Engine, permit: &Permit, who: &Principal, ask: &Ask<'_>) -> Result<(), Stopped> {
        self.words(engine, permit, who, ask).map(drop)
    }

    fn words(&self, engine: &Engine, permit: &Permit, who: &Principal, ask: &Ask<'_>) -> Result<Words, Stopped> {
        let always = project::of(permit);
        if self.in_force.load().is_empty() && always.is_empty() {
            return Ok(Words::Free);
        }
        let reduced = reduce(ask);
        // Most of what is asked is about nothing that any rule is about.
        if matches!(reduced, Ok(None)) && ask.operation != "ExecStart" {
            return Ok(Words::Free);
        }
        let labels = new_labels(ask);
        let named = labels.as_ref().map(labelled);
        let mut rules = self.applying(permit, &engine.labels, named.as_ref().map(Option::as_deref));
        rules.extend_from_slice(always);
        if rules.is_empty() {
            return Ok(Words::Free);
        }
        let (verdict, stop): (Verdict, fn(Finding) -> Stopped) = match &reduced {
            Err(Unread::Field(why)) => (unjudgeable(&rules, why), Stopped::Unreadable),
            Err(Unread::Opaque(why)) => (unjudgeable(&rules, why), Stopped::Guardrail),
            // What it comes to hangs on what is there now.
            Ok(Some(workload)) if workload.kind != Kind::ContainerUpdate => (judge(&rules, workload), Stopped::Guardrail),
            Ok(_) => (Verdict::default(), Stopped::Guardrail),
        };
        if let Some(finding) = &verdict.stopped {
            self.record(permit, who, &verdict);
            return Err(stop(finding.clone()));
        }
        Ok(match reduced {
            Ok(workload) => Words::On(rules, workload),
            Err(_) => Words::Unread(verdict),
        })
    }

    /// The images of a workload, as the engine or their registries know them.
    async fn images_of(&self, looked: &mut Looked<'_>, workload: &Workload) -> Result<Vec<Image>, Stopped> {
        let mut found = Vec::new();
        if images::named(workload).count() > images::MOST_IMAGES {
            return Ok(vec![Image::Unknown(format!("more than {} images at once", images::MOST_IMAGES))]);
        }
        for name in images::named(workload) {
            found.push(match workload.kind {
                Kind::Pull | Kind::Service => self.image_to_pull(workload.kind, name).await,
                _ => match looked.look(looks::What::Image, name).await? {
                    Some(inspected) => self.image_of_engine(name, &inspected),
                    // Were the engine asked all the same, it could have come in the meantime.
                    None if looked.rules.iter().any(|guardrail| guardrail.rule.is_of_images() && guardrail.mode == Mode::Enforce) => {
                        return Err(Stopped::Engine(EngineError::NotFound(format!("No such image: {name}"))));
                    }
                    None => continue,
                },
            });
        }
        Ok(found)
    }

    pub(super) fn record(&self, permit: &Permit, who: &Principal, verdict: &Verdict) {
        let operation = permit.operation();
        let stopped = verdict.stopped.iter().map(|finding| (finding, true));
        let all = stopped.chain(verdict.warned.iter().map(|finding| (finding, false)));
        for (finding, stopped) in all.filter(|(finding, _)| finding.id != project::NAME) {
            let hit = HitRow {
                id: 0,
                at: now_ms(),
                guardrail: finding.id.clone(),
                username: who.subject.user.to_string(),
                target: operation.target.to_string(),
                operation: operation.name.to_owned(),
                object: operation.object.chars().take(300).collect(),
                sentence: finding.sentence.clone(),
                stopped,
            };
            // The trail has it, too.
            let _ = self.hits.try_send(hit);
        }
    }
}

/// The labels of something new; `None` when nothing new is asked for.
fn new_labels(ask: &Ask<'_>) -> Option<BTreeMap<String, String>> {
    if !matches!(ask.operation, "ContainerCreate" | "ServiceCreate" | "VolumeCreate" | "NetworkCreate") {
        return None;
    }
    let labels = ask.body.and_then(|body| body["Labels"].as_object()).into_iter().flatten();
    Some(labels.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect())
}

pub(super) fn checked(warned: &[Finding]) -> Checked {
    let names: Vec<&str> = warned.iter().map(|finding| finding.name.as_str()).collect();
    Checked { note: if names.is_empty() { String::new() } else { format!("would have been stopped by {}", names.join(", ")) } }
}

/// What the engine has of what a workload would use.
struct Looked<'a> {
    engine: &'a Engine,
    permit: &'a Permit,
    rules: &'a [Guardrail],
    left: usize,
}

impl Looked<'_> {
    fn has(&self, is: fn(&Rule) -> bool) -> bool {
        self.rules.iter().any(|guardrail| is(&guardrail.rule))
    }

    /// One thing of the engine's; `None` when it is not there. Where rules only warn, one that cannot be looked at stops nothing.
    async fn look(&mut self, what: looks::What, name: &str) -> Result<Option<Value>, Stopped> {
        let found = match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                looks::look(self.engine, self.permit, what, name).await
            }
            None => Err(EngineError::Refused { status: 400, message: format!("This uses more than the {MOST_LOOKS} things that can be looked at.") }),
        };
        match found {
            Ok(found) => Ok(Some(found)),
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(_) if self.rules.iter().all(|guardrail| guardrail.mode == Mode::Warn) => Ok(None),
            Err(error) => Err(Stopped::Engine(error)),
        }
    }

    /// Everything that is to be judged in the end.
    async fn all(&mut self, ask: &Ask<'_>, workload: Option<Workload>) -> Result<Vec<Workload>, Stopped> {
        let mut all: Vec<Workload> = workload.into_iter().collect();
        let object = ask.params.first().map(String::as_str).unwrap_or_default();
        match ask.operation {
            // What it does was said when it was made, perhaps to another door.
            "ExecStart" if self.has(|rule| matches!(rule, Rule::Privileged {} | Rule::Users {})) => {
                if let Some(exec) = self.look(looks::What::Exec, object).await? {
                    let body = json!({ "Privileged": exec["ProcessConfig"]["privileged"], "User": exec["ProcessConfig"]["user"] });
                    all.push(guard::exec(&body));
                }
            }
            "ContainerUpdate" => {
                if let Some(now) = self.look(looks::What::Container, object).await? {
                    all = vec![guard::updated(&now, ask.body.unwrap_or(&Value::Null))];
                }
            }
            // The engine takes what the service was before, whatever the body says.
            "ServiceUpdate" if !ask.asked("rollback").is_empty() => {
                if let Some(service) = self.look(looks::What::Service, object).await? {
                    all.push(guard::service(&service["PreviousSpec"]));
                }
            }
            _ => {}
        }
        for workload in &mut all {
            self.resolve(workload).await?;
        }
        Ok(all)
    }

    /// Puts in what the engine knows of the names that a workload uses.
    async fn resolve(&mut self, workload: &mut Workload) -> Result<(), Stopped> {
        if self.has(|rule| matches!(rule, Rule::HostMounts { .. })) {
            for container in workload.volumes_from.clone() {
                if !self.engine.reaches(self.permit, Thing::Container, &container) {
                    return Err(Stopped::Engine(EngineError::NotFound(not_found(Thing::Container, &container))));
                }
                if let Some(found) = self.look(looks::What::Container, &container).await? {
                    guard::taken_over(workload, &found);
                }
            }
            for name in workload.volumes.clone() {
                // What is not theirs is refused in other words, which tell nothing of it.
                if !self.engine.reaches(self.permit, Thing::Volume, &name) {
                    continue;
                }
                if let Some(found) = self.look(looks::What::Volume, &name).await? {
                    let driver = found["Driver"].as_str().unwrap_or_default().to_owned();
                    guard::volume(workload, &driver, &found["Options"]);
                }
            }
        }
        if self.has(|rule| matches!(rule, Rule::Namespaces { .. })) {
            for name in workload.networks.clone() {
                if let Some(found) = self.look(looks::What::Network, &name).await?
                    && (found["Driver"] == "host" || found["Name"] == "host")
                {
                    workload.joins.push(Join::Host(Namespace::Network));
                }
            }
        }
        Ok(())
    }
}
