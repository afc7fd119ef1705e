//! What a credential of one's own is made of: its name, its life, the engine it is bound to.

use axum::Json;
use pilothouse_app::api::{
    Code, Problem,
    session::{Token, TokenCreated, TokenInput},
};

use super::{Api, ApiError};
use crate::{
    access::{Operation, Permission, Subject},
    audit::{Changed, between},
    authn::{Credential, secret},
    clock::now_ms,
    store::tokens::TokenRow,
};

/// Tokens one person may have.
const TOKENS_EACH: usize = 100;
/// How long a token lasts unless told, and at most, in seconds.
const DEFAULT_S: u64 = 90 * 86_400;
const LONGEST_S: u64 = 365 * 86_400;

/// The name that a credential is known by; `what` is the word for it.
pub fn name<'a>(what: &str, text: &'a str) -> Result<&'a str, ApiError> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        return Err(ApiError::field("name", format!("A {what}'s name has 1 to 100 characters.")));
    }
    Ok(name)
}

/// Makes sure that `who` may see the engine.
pub fn engine(api: &Api, who: &Subject, engine: &str) -> Result<(), ApiError> {
    let operation = Operation::on_engine("TokenCreate", Permission::SystemInfo, engine, "");
    let seen = api.operator.policy().decide(who, operation, now_ms()).is_ok();
    if !seen || api.engines.get(engine).is_none() {
        return Err(ApiError(Problem::new(Code::InvalidInput, format!("There is no engine {engine}, or you may not see it.")).field("engine")));
    }
    Ok(())
}

/// The tokens of a user or a robot, newest first.
pub async fn of(api: &Api, owner: &str) -> Result<Vec<Token>, ApiError> {
    let rows = api.store.tokens().await?.into_iter().filter(|row| row.username == owner);
    let shown = |row: TokenRow| {
        let known = api.house.credentials.by_id(&Credential::Token(row.id.as_str().into()));
        let last_used_at = known.map(|known| known.last_used()).filter(|at| *at > 0).or(row.last_used_at);
        Token {
            id: row.id,
            name: row.name,
            engine: row.engine,
            created_at: row.created_at,
            expires_at: Some(row.expires_at),
            last_used_at,
            hint: row.hint,
        }
    };
    Ok(rows.map(shown).collect())
}

/// Makes the token that is asked for, of a user or a robot.
pub async fn make(api: &Api, owner: &Subject, input: &TokenInput) -> Result<Changed<Json<TokenCreated>>, ApiError> {
    let name = name("token", &input.name)?;
    let lasts = input.expires_in_s.unwrap_or(DEFAULT_S);
    if !(60..=LONGEST_S).contains(&lasts) {
        return Err(ApiError::field("expires_in_s", "A token lasts 60 seconds at least and a year at most."));
    }
    if let Some(bound) = &input.engine {
        engine(api, owner, bound)?;
    }
    let made = add_token(api, &owner.user, name, input.engine.as_deref(), lasts).await?;
    let id = made.id.clone();
    // What was asked for, not what was made: that holds the token itself.
    Ok(Changed::new(between(None, Some(input)), Json(made)).with_id(&id))
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
