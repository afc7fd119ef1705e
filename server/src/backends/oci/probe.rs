//! The connection test: whether a registry answers and lets us in, in one sentence.

use std::time::Duration;

use http::{Method, StatusCode};

use super::{Ask, Registry, RegistryError, Way};
use crate::access::Permit;

/// How long a test may take.
const PATIENCE: Duration = Duration::from_secs(20);

impl Registry {
    /// Whether it can be used, and what is wrong if not.
    pub async fn test(&self, permit: &Permit) -> (bool, String) {
        let ask = Ask { deadline: PATIENCE, ..Ask::new(Method::GET, "/v2/".to_owned(), Vec::new()) };
        match self.send(permit, ask).await {
            Ok(answer) if answer.response.status() == StatusCode::OK => (true, self.welcome()),
            Ok(answer) => {
                let status = answer.response.status().as_u16();
                (
                    false,
                    format!(
                        "Something answers at {} with {status}, and it is no registry: the path /v2/ should answer with 200 or 401.",
                        self.address()
                    ),
                )
            }
            // It may hand out to everybody what everybody may have.
            Err(RegistryError::CredentialMissing) => {
                (true, "The registry answers, and wants a credential for what is not public; there is none.".to_owned())
            }
            Err(error) => (false, error.to_string()),
        }
    }

    fn welcome(&self) -> String {
        let asks = !matches!(*self.way.read().unwrap_or_else(std::sync::PoisonError::into_inner), Way::Unknown | Way::Nothing);
        match (asks, self.username()) {
            (true, Some(name)) => format!("The registry answers, and lets {name} in."),
            (true, None) => "The registry answers, and shows what is public.".to_owned(),
            (false, Some(_)) => "The registry answers, and asks for no credential.".to_owned(),
            (false, None) => "The registry answers.".to_owned(),
        }
    }
}
