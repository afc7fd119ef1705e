//! The roles that ask for a second factor, and what is left to those who have not proved one.

use std::collections::{HashMap, HashSet};

use crate::{
    access::{Denied, Hides, Permission, Policy},
    authn::{Credential, Principal},
};

/// What is left: to see one's account, to add a factor, to change the password, and to leave. No tokens: they would get around it.
const LEFT: [Permission; 4] = [Permission::AccountView, Permission::AccountUpdate, Permission::SessionManage, Permission::FactorManage];

/// A role that asks for a second factor.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rule {
    pub role: String,
    /// Tokens of those without a factor do not work either.
    pub tokens: bool,
}

/// All of them, and who has a factor. Swapped whole when either changes.
#[derive(Debug, Default)]
pub struct Rules {
    /// By role: whether its rule is for tokens too.
    roles: HashMap<String, bool>,
    enrolled: HashSet<String>,
}

impl Rules {
    pub fn new(rules: impl IntoIterator<Item = Rule>, enrolled: impl IntoIterator<Item = String>) -> Self {
        Self { roles: rules.into_iter().map(|rule| (rule.role, rule.tokens)).collect(), enrolled: enrolled.into_iter().collect() }
    }

    /// Whether some role that `user` holds asks for a factor.
    pub fn asks(&self, policy: &Policy, user: &str, now: i64) -> bool {
        !self.roles.is_empty() && policy.grants_of(user, now).any(|grant| self.roles.contains_key(&grant.role.name))
    }

    /// Whether `who` is held back until they prove a factor. `proved` tells whether their session was proved by one.
    pub fn hold_back(&self, policy: &Policy, who: &Principal, now: i64, proved: impl FnOnce() -> bool) -> bool {
        // Who looks with the rights of somebody else is who they are all the same.
        let user = who.subject.viewer.as_ref().unwrap_or(&who.subject.user);
        match who.credential {
            Credential::Session(_) => self.asks(policy, user, now) && !proved(),
            Credential::Token(_) | Credential::Certificate(_) => {
                let asks = |role: &str| self.roles.get(role).is_some_and(|tokens| *tokens);
                !self.roles.is_empty() && !self.enrolled.contains(&**user) && policy.grants_of(user, now).any(|grant| asks(&grant.role.name))
            }
        }
    }

    /// Why `permission` is not for who is held back, unless it is among what is left to them.
    pub fn refusal(permission: Permission) -> Option<Denied> {
        let reason = "This role needs a second factor: add one under your account, and sign in with it.".to_owned();
        (!LEFT.contains(&permission)).then_some(Denied { reason, hides: Hides::Nothing })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{Facts, Grant, Holder, Kind, Roles, Scope, Subject},
        authn::{Door, Origin},
    };

    fn who(user: &str, credential: Credential) -> Principal {
        let origin = Origin { door: Door::Api, address: "-".into(), client: "".into() };
        Principal { subject: Subject::of(user), credential, origin }
    }

    /// Ana is an administrator through a team, Vic a viewer.
    fn policy() -> Policy {
        let roles = Roles::with([]);
        let grant =
            |holder, role: &str| Grant { id: role.to_owned(), holder, role: roles.named(role).unwrap().clone(), scope: Scope::All, until: None };
        let grants = vec![grant(Holder::Team("crew".to_owned()), "admin"), grant(Holder::User("vic".to_owned()), "viewer")];
        let users = ["ana", "vic"].map(|user| (user.to_owned(), true)).into();
        Policy::new(Facts {
            users,
            members: vec![("crew".to_owned(), "ana".to_owned())],
            grants,
            roles,
            engines: Default::default(),
            registries: Default::default(),
        })
    }

    #[test]
    fn a_session_of_such_a_role_is_held_back_until_it_is_proved() {
        let rules = Rules::new([Rule { role: "admin".to_owned(), tokens: false }], []);
        let session = |user| who(user, Credential::Session("s".into()));
        assert!(rules.hold_back(&policy(), &session("ana"), 0, || false));
        assert!(!rules.hold_back(&policy(), &session("ana"), 0, || true));
        assert!(!rules.hold_back(&policy(), &session("vic"), 0, || false));
        let looking = Principal { subject: Subject { viewer: Some("ana".into()), ..Subject::of("vic") }, ..session("vic") };
        assert!(rules.hold_back(&policy(), &looking, 0, || false), "whoever they look as");
        assert!(!Rules::default().hold_back(&policy(), &session("ana"), 0, || false));
    }

    #[test]
    fn a_token_goes_on_unless_the_rule_says_otherwise() {
        let token = who("ana", Credential::Token("t".into()));
        let held = |tokens, enrolled: &[&str]| {
            let rules = Rules::new([Rule { role: "admin".to_owned(), tokens }], enrolled.iter().map(|user| (*user).to_owned()));
            rules.hold_back(&policy(), &token, 0, || false)
        };
        assert_eq!((held(false, &[]), held(true, &[]), held(true, &["ana"]), held(true, &["vic"])), (false, true, false, true));
    }

    #[test]
    fn what_is_left_is_one_s_own_and_makes_no_token() {
        for permission in Permission::ALL.iter().copied() {
            let left = Rules::refusal(permission).is_none();
            assert!(!left || permission.kind() == Kind::Own, "{permission}");
        }
        assert!(Rules::refusal(Permission::TokenManage).is_some());
        assert!(Rules::refusal(Permission::FactorManage).is_none());
    }
}
