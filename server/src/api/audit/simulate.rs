//! A changed role, grant or guardrail, tried against what was done in the last 30 days.

use std::sync::Arc;

use axum::{Extension, Json, Router, extract::State};
use pilothouse_app::api::audit::{AuditSimulate, Difference, SimulateInput, Simulated};

use super::super::{Answer, Api, ApiError, Input, Who, route};
use crate::{
    access::{
        self, Operation, Permission, PermissionSet, Place, Policy, Subject, Target,
        guard::{self, Ask, reduce},
        table::docker::ROWS,
    },
    audit::rebuilt,
    clock::now_ms,
    guardrails::{Draft, applies, read},
    house::{Proposal, policy_with},
    store::{audit::Group, grants::GrantRow},
};

const BACK_MS: i64 = 30 * 86_400_000;
/// How many different things are looked at, the newest first.
const GROUPS: u32 = 20_000;
/// How many differences are told of.
const TOLD: usize = 500;

pub(super) fn routes(router: Router<Api>) -> Router<Api> {
    route(router, AuditSimulate, simulate)
}

async fn simulate(State(api): State<Api>, Extension(who): Who, Input(input): Input<SimulateInput>) -> Answer<AuditSimulate> {
    let operation = Operation::on_system("AuditSimulate", Permission::AuditList, "");
    api.operator
        .operate(&who, operation, async |_| {
            let guardrail = input.guardrail.as_ref().map(guardrail_of).transpose()?;
            let proposed = policy_with(&api.store, &api.engines, &api.registrar.registries, proposal(&input)?).await?;
            let (now, since) = (api.operator.policy(), now_ms() - BACK_MS);
            let groups = api.store.audit_groups(since, GROUPS).await?;
            let mut found = Simulated { since, records: 0, untold: 0, newest_only: groups.len() >= GROUPS as usize, differences: Vec::new() };
            for group in groups {
                let records = u64::try_from(group.records).unwrap_or(0);
                found.records += records;
                match compare(&api, &group, &now, &proposed, guardrail.as_ref()) {
                    Came::Same => {}
                    Came::Untold => found.untold += records,
                    Came::Otherwise { stopped, why } => {
                        if found.differences.len() < TOLD {
                            found.differences.push(difference(group, stopped, why));
                        }
                    }
                }
            }
            Ok::<_, ApiError>(Json(found))
        })
        .await
}

fn guardrail_of(input: &pilothouse_app::api::guardrails::GuardrailInput) -> Result<guard::Guardrail, ApiError> {
    // Whether it would warn or stop, what it finds is the same.
    let draft = Draft { name: &input.name, mode: guard::Mode::Enforce, scope: &input.scope, roles: &input.roles, rule: &input.rule };
    draft.check().map_err(|(field, why)| ApiError::field(field, why))?;
    if input.rule.is_of_images() {
        return Err(ApiError::field(
            "rule",
            "The trail does not tell what images were made of. Put it up with \"Warn first\": it tells what it would stop.",
        ));
    }
    read(&draft.row(String::new(), "", false)).map_err(|why| ApiError::field("rule", why))
}

fn proposal(input: &SimulateInput) -> Result<Proposal, ApiError> {
    let role = input.role.as_ref().map(|role| {
        let named = |name: &String| {
            Permission::named(name)
                .ok_or_else(|| ApiError::field("role", format!("There is no permission {:?}.", name.chars().take(80).collect::<String>())))
        };
        let permissions = role.permissions.iter().map(named).collect::<Result<PermissionSet, _>>()?;
        if access::built_in().iter().any(|built_in| built_in.name == role.name) {
            return Err(ApiError::field("role", "A role that ships with Pilothouse stays as it is."));
        }
        Ok(access::Role { name: role.name.clone(), summary: String::new(), permissions, built_in: false })
    });
    let grant = input.grant.as_ref().map(|grant| {
        grant.scope.parse::<access::Scope>().map_err(|why| ApiError::field("scope", why))?;
        Ok::<_, ApiError>(GrantRow {
            id: "tried".to_owned(),
            username: grant.user.clone().or_else(|| grant.robot.clone()),
            team: grant.team.clone(),
            role: grant.role.clone(),
            scope: grant.scope.clone(),
            until: None,
            created_at: 0,
            created_by: String::new(),
            declared: false,
        })
    });
    Ok(Proposal { role: role.transpose()?, grant: grant.transpose()?, without: input.without_grant.clone() })
}

/// How something that was done would come out.
enum Came {
    Same,
    Untold,
    Otherwise { stopped: bool, why: String },
}

fn compare(api: &Api, group: &Group, now: &Policy, proposed: &Policy, guardrail: Option<&guard::Guardrail>) -> Came {
    let subject = Subject::of(&group.username);
    let Some(mut operation) = operation(group) else { return Came::Same };
    let (at, engine) = (now_ms(), engine_of(api, &operation));
    if now.depends_on_owner(&subject, &operation, at) || proposed.depends_on_owner(&subject, &operation, at) {
        let Place::One(thing) = operation.place else { return Came::Untold };
        let called = if group.object_id.is_empty() { &group.object } else { &group.object_id };
        operation.owner = engine.as_ref().and_then(|engine| engine.owner_known(thing, called));
        if operation.owner.is_none() {
            return Came::Untold;
        }
    }
    match (now.decide(&subject, operation.clone(), at), proposed.decide(&subject, operation, at)) {
        (Ok(_), Err(denied)) => Came::Otherwise { stopped: true, why: denied.reason },
        (Err(_), Ok(permit)) => Came::Otherwise { stopped: false, why: permit.reason().to_owned() },
        (Err(_), Err(_)) => Came::Same,
        (Ok(_), Ok(permit)) => {
            let (Some(guardrail), Some(engine)) = (guardrail, engine) else { return Came::Same };
            if !applies(guardrail, &permit, &engine.labels, None) {
                return Came::Same;
            }
            // What the record tells of what was asked for: names of variables and labels, and not what they were.
            let body = rebuilt(&group.operation, &serde_json::from_str::<Vec<_>>(&group.changes).unwrap_or_default());
            let workload = reduce(&Ask { operation: &group.operation, params: std::slice::from_ref(&group.object), query: &[], body: Some(&body) });
            let Ok(Some(workload)) = workload else { return Came::Same };
            match guard::judge(std::slice::from_ref(guardrail), &workload).stopped {
                Some(finding) => Came::Otherwise { stopped: true, why: finding.sentence },
                None => Came::Same,
            }
        }
    }
}

fn engine_of(api: &Api, operation: &Operation) -> Option<Arc<crate::backends::docker::Engine>> {
    match &operation.target {
        Target::Engine(name) => api.engines.get(name),
        Target::System | Target::Registry(_) => None,
    }
}

/// What was decided about then; `None` for what is no decision, or is not known any more.
fn operation(group: &Group) -> Option<Operation> {
    let permission = Permission::named(&group.permission)?;
    let is_registry = permission.name().starts_with("registry.");
    let target = match group.target.as_str() {
        "-" => Target::System,
        name if is_registry => Target::Registry(name.to_owned()),
        name => Target::Engine(name.to_owned()),
    };
    if is_registry {
        let mut operation = Operation::new("Simulated", permission, target, &group.object);
        let named = group.object.strip_prefix(&format!("{}/", group.target)).and_then(|rest| rest.split([':', '@']).next());
        operation.repository = named.filter(|_| permission.is_repository()).map(Into::into);
        return Some(operation);
    }
    let operation = Operation::new("Simulated", permission, target, &group.object);
    // What came by the engine's own door has the place that its row says.
    let row = ROWS.iter().find(|row| row.name == group.operation && row.permission == permission);
    Some(match row {
        Some(row) => operation.at(row.place),
        None => operation,
    })
}

fn difference(group: Group, stopped: bool, why: String) -> Difference {
    Difference {
        user: group.username,
        target: group.target,
        operation: group.operation,
        permission: group.permission,
        object: group.object,
        stopped,
        why,
        records: u64::try_from(group.records).unwrap_or(0),
        last_at: group.last_at,
        record: group.last_id,
    }
}
