//! Who holds a grant.

use crate::api::people::{Grant, GrantInput};

/// A person, a robot or a team, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    Person(String),
    Robot(String),
    Team(String),
}

impl Holder {
    pub(crate) fn name(&self) -> &str {
        match self {
            Holder::Person(name) | Holder::Robot(name) | Holder::Team(name) => name,
        }
    }

    /// Whether the grant is theirs, not a team's that they are in.
    pub(crate) fn has(&self, grant: &Grant) -> bool {
        let whose = match self {
            Holder::Person(_) => &grant.user,
            Holder::Robot(_) => &grant.robot,
            Holder::Team(_) => &grant.team,
        };
        whose.as_deref() == Some(self.name())
    }

    /// A grant for them.
    pub(crate) fn input(&self, role: String, scope: String, until: Option<i64>) -> GrantInput {
        let mut input = GrantInput { user: None, robot: None, team: None, role, scope, until };
        let (name, whose) = match self {
            Holder::Person(name) => (name, &mut input.user),
            Holder::Robot(name) => (name, &mut input.robot),
            Holder::Team(name) => (name, &mut input.team),
        };
        *whose = Some(name.clone());
        input
    }
}

#[cfg(test)]
mod tests {
    use super::Holder;

    #[test]
    fn a_grant_is_for_one() {
        let input = Holder::Team("ops".into()).input("viewer".into(), "all".into(), None);
        assert_eq!((input.user, input.robot, input.team.as_deref()), (None, None, Some("ops")));
    }
}
