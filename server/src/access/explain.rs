//! Why somebody may do something, or what they lack for it.

use super::{Grant, Permission, Policy, Scope, permission::Kind};

/// Why somebody may do something, or not.
#[derive(Debug)]
pub struct Explained<'a> {
    /// Each grant by which they may; none: they may not, unless it is their own account.
    pub grants: Vec<&'a Grant>,
    pub own_account: bool,
    /// What stands in the way, when nothing allows it.
    pub missing: Option<Missing<'a>>,
}

/// What stands in the way.
#[derive(Debug, Eq, PartialEq)]
pub enum Missing<'a> {
    /// They are disabled, or there is nobody of this name.
    NotActive,
    /// They have rights there, and this is not among them: these are the grants.
    Role(Vec<&'a str>),
    /// They have this right elsewhere: there.
    Scope(Vec<&'a Scope>),
    /// It was theirs, and has ended.
    Ended(&'a str, i64),
    Everything,
}

impl Explained<'_> {
    pub fn allowed(&self) -> bool {
        self.own_account || !self.grants.is_empty()
    }
}

impl Policy {
    /// Whether `user` may use `permission` on all of `scope`, and why.
    pub fn explain(&self, user: &str, permission: Permission, scope: &Scope, now: i64) -> Explained<'_> {
        let there = |grant: &&Grant| match permission.is_house() {
            true => grant.scope == Scope::All,
            false => scope.takes(permission) && self.includes(&grant.scope, scope),
        };
        let grants: Vec<&Grant> = self.grants_of(user, now).filter(|grant| grant.role.holds(permission)).filter(there).collect();
        let own_account = permission.kind() == Kind::Own && self.is_active(user);
        let missing = (grants.is_empty() && !own_account).then(|| self.missing(user, permission, scope, now));
        Explained { grants, own_account, missing }
    }

    fn missing(&self, user: &str, permission: Permission, scope: &Scope, now: i64) -> Missing<'_> {
        if !self.is_active(user) {
            return Missing::NotActive;
        }
        let there = |grant: &&Grant| self.includes(&grant.scope, scope);
        // i64::MIN: those that have ended, too.
        let ended = self.grants_of(user, i64::MIN).filter(|grant| !grant.stands(now) && grant.role.holds(permission)).filter(there);
        if let Some((grant, until)) = ended.filter_map(|grant| Some((grant, grant.until?))).max_by_key(|(_, until)| *until) {
            return Missing::Ended(&grant.id, until);
        }
        let elsewhere: Vec<&Scope> = self.grants_of(user, now).filter(|grant| grant.role.holds(permission)).map(|grant| &grant.scope).collect();
        if !elsewhere.is_empty() {
            return Missing::Scope(elsewhere);
        }
        let here: Vec<&str> = self.grants_of(user, now).filter(there).map(|grant| grant.id.as_str()).collect();
        if here.is_empty() { Missing::Everything } else { Missing::Role(here) }
    }
}
