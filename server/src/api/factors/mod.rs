//! Second factors: one's own, signing in with them, and which roles ask for one.

mod own;
mod rules;
mod sign_in;

use axum::Router;
use pilothouse_app::api::factors::{
    Factor, FactorList, FactorRemove, FactorRuleList, FactorRuleSet, PasskeyAdd, PasskeySignIn, PasskeySignInStart, PasskeyStart, RecoveryRenew,
    SecondFactor, SecondStepGet, TotpAdd, TotpStart, UserFactorsReset,
};

use super::{Api, ApiError, route};
use crate::{authn::factors::passkey::PasskeyError, store::factors::FactorRow};
use pilothouse_app::api::Code;

pub(super) use sign_in::second_step;

/// What needs no credential.
pub fn public_routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, SecondStepGet, sign_in::state);
    let router = route(router, SecondFactor, sign_in::code);
    let router = route(router, PasskeySignInStart, sign_in::passkey_start);
    route(router, PasskeySignIn, sign_in::passkey)
}

pub fn routes() -> Router<Api> {
    let router = Router::new();
    let router = route(router, FactorList, own::list);
    let router = route(router, TotpStart, own::totp_start);
    let router = route(router, TotpAdd, own::totp_add);
    let router = route(router, PasskeyStart, own::passkey_start);
    let router = route(router, PasskeyAdd, own::passkey_add);
    let router = route(router, FactorRemove, own::remove);
    let router = route(router, RecoveryRenew, own::renew_codes);
    let router = route(router, UserFactorsReset, rules::reset);
    let router = route(router, FactorRuleList, rules::list);
    route(router, FactorRuleSet, rules::set)
}

fn shown(row: FactorRow) -> Factor {
    Factor { id: row.id, kind: row.kind, name: row.name, created_at: row.created_at, last_used_at: row.last_used_at }
}

/// The name that passkeys here are made for.
fn rp_id(api: &Api) -> Result<String, ApiError> {
    api.house.factors.site.rp_id.clone().ok_or_else(|| {
        let title = "Passkeys need a name: set external_url to the https:// address with a host name that people use, and open Pilothouse there.";
        ApiError::new(Code::Conflict, title)
    })
}

/// A new challenge, in base64url.
fn challenge() -> Result<String, ApiError> {
    let mut bytes = [0; 32];
    crate::authn::secret::fill(&mut bytes)?;
    Ok(crate::authn::factors::passkey::encode(&bytes))
}

fn no_room() -> ApiError {
    ApiError::new(Code::Overloaded, "Too many are in the middle of signing in now. Try again in a few minutes.")
}

impl From<PasskeyError> for ApiError {
    fn from(error: PasskeyError) -> Self {
        Self::new(Code::InvalidInput, error.to_string())
    }
}
