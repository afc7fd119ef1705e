//! Who is declared in the file, and what they may do.

use std::collections::HashSet;

use serde::Deserialize;

use crate::access::{Permission, Scope, built_in, is_role_name};

/// A user or a robot. A declared user signs in by a provider, or by a password that is set in the console.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountSection {
    pub name: String,
}

/// A team and its members. Providers may put more people into it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TeamSection {
    pub name: String,
    #[serde(default)]
    pub summary: String,
    #[serde(default)]
    pub members: Vec<String>,
}

/// A role of single permissions.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleSection {
    pub name: String,
    #[serde(default)]
    pub summary: String,
    pub permissions: Vec<String>,
}

/// A grant to one user, one robot or one team.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantSection {
    pub user: Option<String>,
    pub robot: Option<String>,
    pub team: Option<String>,
    pub role: String,
    pub scope: String,
    /// When it ends by itself, as `2027-01-31T18:00:00Z`.
    pub until: Option<String>,
}

/// Everybody and everything that the file declares.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub users: Vec<AccountSection>,
    pub robots: Vec<AccountSection>,
    pub teams: Vec<TeamSection>,
    pub roles: Vec<RoleSection>,
    pub grants: Vec<GrantSection>,
}

impl GrantSection {
    /// The kind and the name of whoever has it, if exactly one is named.
    pub fn holder(&self) -> Option<(&'static str, &str)> {
        let named: Vec<_> = [("user", &self.user), ("robot", &self.robot), ("team", &self.team)]
            .into_iter()
            .filter_map(|(kind, name)| Some((kind, name.as_deref()?)))
            .collect();
        match named.as_slice() {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// When it ends, in ms.
    ///
    /// # Errors
    /// When that is no time.
    pub fn until_ms(&self) -> Result<Option<i64>, String> {
        let Some(text) = &self.until else { return Ok(None) };
        let at: jiff::Timestamp = text.parse().map_err(|_| format!("{text:?} is no time, such as 2027-01-31T18:00:00Z."))?;
        Ok(Some(at.as_millisecond()))
    }
}

impl Access {
    /// Every mistake, one sentence each.
    pub fn check(&self, mistakes: &mut Vec<String>) {
        let mut names = HashSet::new();
        for (kind, account) in self.users.iter().map(|user| ("users", user)).chain(self.robots.iter().map(|robot| ("robots", robot))) {
            if crate::authn::username(&account.name).is_none() {
                mistakes.push(format!("{kind}: {:?} is no name: use 1 to 64 of a-z, 0-9, ., _ and -.", account.name));
            }
            if !names.insert(&account.name) {
                mistakes.push(format!("{kind}: {} is declared twice; users and robots share their names.", account.name));
            }
        }
        let mut teams = HashSet::new();
        for team in &self.teams {
            if !is_role_name(&team.name) {
                mistakes.push(format!("teams: {:?} is no name: use 1 to 63 of a-z, 0-9 and -.", team.name));
            }
            if !teams.insert(&team.name) {
                mistakes.push(format!("teams: {} is declared twice.", team.name));
            }
        }
        let mut roles: HashSet<&str> = built_in().iter().map(|role| role.name.as_str()).collect();
        for role in &self.roles {
            if !is_role_name(&role.name) {
                mistakes.push(format!("roles: {:?} is no name: use 1 to 63 of a-z, 0-9 and -.", role.name));
            }
            if !roles.insert(&role.name) {
                mistakes.push(format!("roles: {} ships with Pilothouse, or is declared twice.", role.name));
            }
            for name in role.permissions.iter().filter(|name| Permission::named(name).is_none()) {
                mistakes.push(format!("roles: {}: there is no permission {name:?}.", role.name));
            }
        }
        for grant in &self.grants {
            if grant.holder().is_none() {
                mistakes.push("grants: each is for one user, one robot or one team.".to_owned());
            }
            if !roles.contains(grant.role.as_str()) {
                mistakes.push(format!("grants: the role {:?} neither ships nor is declared.", grant.role));
            }
            if let Err(why) = grant.scope.parse::<Scope>() {
                mistakes.push(format!("grants: {why}"));
            }
            if let Err(why) = grant.until_ms() {
                mistakes.push(format!("grants: until: {why}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_is_told() {
        let account = |name: &str| AccountSection { name: name.to_owned() };
        let access = Access {
            users: vec![account("ana"), account("Ana")],
            robots: vec![account("ana")],
            teams: vec![TeamSection { name: "a b".to_owned(), summary: String::new(), members: Vec::new() }],
            roles: vec![RoleSection { name: "admin".to_owned(), summary: String::new(), permissions: vec!["nope".to_owned()] }],
            grants: vec![GrantSection {
                user: None,
                robot: None,
                team: None,
                role: "x".to_owned(),
                scope: "y".to_owned(),
                until: Some("soon".to_owned()),
            }],
        };
        let mut mistakes = Vec::new();
        access.check(&mut mistakes);
        assert_eq!(mistakes.len(), 9, "{mistakes:#?}");
    }
}
