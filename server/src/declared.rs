//! What the settings file declares about people, put in force at each start.

use crate::{
    authn::secret,
    clock::now_ms,
    config::Access,
    house::House,
    store::{
        StoreError,
        declared::Declared,
        grants::GrantRow,
        roles::RoleRow,
        teams::{MemberRow, TeamRow},
    },
};

/// Applies what is declared, all of it or nothing.
///
/// # Errors
/// One sentence each for what does not fit what is kept.
pub async fn apply(access: &Access, house: &House) -> Result<(), Vec<String>> {
    let one = |error: StoreError| vec![error.to_string()];
    let kept = house.store.users().await.map_err(one)?;
    let teams = house.store.teams().await.map_err(one)?;
    let known =
        |name: &str| kept.iter().any(|user| user.username == name) || access.users.iter().chain(&access.robots).any(|account| account.name == name);
    let team_known = |name: &str| teams.iter().any(|team| team.name == name && !team.declared) || access.teams.iter().any(|team| team.name == name);
    let mut mistakes = Vec::new();
    let mut declared = rows(access);
    for member in &declared.members {
        if !known(&member.username) {
            mistakes.push(format!("teams: {}: there is no user or robot {:?}.", member.team, member.username));
        }
    }
    for section in &access.grants {
        let Some((kind, name)) = section.holder() else { continue };
        if !(if kind == "team" { team_known(name) } else { known(name) }) {
            mistakes.push(format!("grants: there is no {kind} {name:?}."));
        }
        declared.grants.push(grant(kind, name, section));
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    house.apply_declared(&declared).await.map_err(|error| vec![format!("What the settings file declares cannot be applied: {error}.")])
}

fn rows(access: &Access) -> Declared {
    let now = now_ms();
    let users = access.users.iter().map(|user| (user.name.clone(), "user"));
    let robots = access.robots.iter().map(|robot| (robot.name.clone(), "robot"));
    let team =
        |team: &crate::config::TeamSection| TeamRow { name: team.name.clone(), summary: team.summary.clone(), created_at: now, declared: true };
    let members = access.teams.iter().flat_map(|team| {
        let member = |username: &String| MemberRow { team: team.name.clone(), username: username.clone(), source: "settings".to_owned() };
        team.members.iter().map(member)
    });
    let role = |role: &crate::config::RoleSection| RoleRow {
        name: role.name.clone(),
        summary: role.summary.clone(),
        permissions: serde_json::json!(role.permissions).to_string(),
        created_at: now,
        declared: true,
    };
    Declared {
        users: users.chain(robots).collect(),
        teams: access.teams.iter().map(team).collect(),
        members: members.collect(),
        roles: access.roles.iter().map(role).collect(),
        grants: Vec::new(),
    }
}

fn grant(kind: &str, name: &str, section: &crate::config::GrantSection) -> GrantRow {
    // The same at each start, so that the trail goes on to tell when it was used.
    let hash = secret::hash(&format!("{kind} {name} {} {}", section.role, section.scope));
    let id: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    GrantRow {
        id: format!("declared-{id}"),
        username: (kind != "team").then(|| name.to_owned()),
        team: (kind == "team").then(|| name.to_owned()),
        role: section.role.clone(),
        scope: section.scope.clone(),
        until: section.until_ms().ok().flatten(),
        created_at: now_ms(),
        created_by: "settings".to_owned(),
        declared: true,
    }
}
