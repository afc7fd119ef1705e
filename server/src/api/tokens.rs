//! What a credential of one's own is made of: its name, its life, the engine it is bound to.

use pilothouse_app::api::{Code, Problem, session::TokenCreated};

use super::{Api, ApiError};
use crate::{
    access::{Operation, Permission, Subject},
    authn::secret,
    clock::now_ms,
    store::tokens::TokenRow,
};

/// Tokens one person may have.
const TOKENS_EACH: usize = 100;

/// The name that a credential is known by; `what` is the word for it.
pub fn name<'a>(what: &str, text: &'a str) -> Result<&'a str, ApiError> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(ApiError::field("name", format!("A {what}'s name has 1 to 100 characters.")));
    }
    Ok(name)
}

/// Makes sure that the owner of the credential may see the engine.
pub fn engine(api: &Api, owner: &str, engine: &str) -> Result<(), ApiError> {
    let operation = Operation::on_engine("TokenCreate", Permission::SystemInfo, engine, "");
    let seen = api.operator.policy().decide(&Subject::of(owner), operation, now_ms()).is_ok();
    if !seen || api.engines.get(engine).is_none() {
        return Err(ApiError(Problem::new(Code::InvalidInput, format!("There is no engine {engine}, or its owner may not see it.")).field("engine")));
    }
    Ok(())
}

/// Makes a token of `user` and puts it in force. What goes in was looked at.
pub async fn add_token(api: &Api, user: &str, name: &str, engine: Option<&str>, lasts_s: u64) -> Result<TokenCreated, ApiError> {
    let now = now_ms();
    let live = |row: &&TokenRow| row.username == user && row.expires_at > now;
    if api.store.tokens().await?.iter().filter(live).count() >= TOKENS_EACH {
        return Err(ApiError::new(Code::Conflict, format!("You have {TOKENS_EACH} tokens, the most one may have. Revoke some first.")));
    }
    let token = secret::token()?;
    let row = TokenRow {
        id: secret::id()?,
        hash: secret::hash(&token).to_vec(),
        username: user.to_owned(),
        name: name.to_owned(),
        engine: engine.map(str::to_owned),
        created_at: now,
        expires_at: now.saturating_add_unsigned(lasts_s * 1000),
        last_used_at: None,
        hint: token.chars().skip(token.len() - 4).collect(),
    };
    api.house.add_token(&row).await?;
    Ok(TokenCreated { token, id: row.id, expires_at: row.expires_at })
}
