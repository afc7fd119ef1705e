//! What came of sign-ins that were only tests, until whoever tried has looked.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use pilothouse_app::api::{
    engines::TestStep,
    providers::{Claim, Found, ProviderTestOutput},
};

use super::Provider;
use crate::{
    authn::Person,
    house::identities::{in_allowed_group, teams_of},
};

/// How long a result is kept, and how many are.
const LASTS: Duration = Duration::from_secs(600);
const MOST: usize = 100;

struct Kept {
    username: String,
    at: Instant,
    output: ProviderTestOutput,
}

#[derive(Default)]
pub struct Tests(Mutex<HashMap<String, Kept>>);

impl Tests {
    pub fn put(&self, id: &str, username: &str, output: ProviderTestOutput) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, kept| kept.at.elapsed() < LASTS);
        if all.len() < MOST {
            all.insert(id.to_owned(), Kept { username: username.to_owned(), at: Instant::now(), output });
        }
    }

    /// The result of this id, if it is of this user.
    pub fn get(&self, id: &str, username: &str) -> Option<ProviderTestOutput> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(id).filter(|kept| kept.username == username && kept.at.elapsed() < LASTS).map(|kept| kept.output.clone())
    }
}

/// One step of a test.
pub fn step(step: &str, ok: bool, message: impl Into<String>) -> TestStep {
    TestStep { step: step.to_owned(), ok, message: message.into() }
}

impl Provider {
    /// Somebody as this provider describes them, and what would come of it.
    pub fn found(&self, person: Person) -> Found {
        let refused = (!in_allowed_group(&self.settings, &person.groups)).then(|| "They are in none of the groups that may come in.".to_owned());
        let claims = person.claims.into_iter().map(|(name, value)| Claim { name, value }).collect();
        Found {
            teams: teams_of(&self.settings, &person.groups).into_iter().collect(),
            groups: person.groups.into_iter().collect(),
            issuer: person.issuer,
            subject: person.subject,
            username: person.name,
            claims,
            refused,
        }
    }
}
