//! `pilothouse login` and `logout`: a sign-in by a code that is entered in the browser (RFC 8628).

use std::{path::PathBuf, time::Duration};

use clap::Args;
use pilothouse_app::{
    api::{
        Empty, Endpoint, Problem,
        device::{DeviceBegin, DeviceCodes, DeviceInput, DevicePoll, DeviceToken, DeviceTokenInput},
        session::TokenRevoke,
    },
    client::Transport,
};

use super::{connect, kept::Kept, say, site::Site, trust};
use crate::clock::now_ms;

#[derive(Args)]
pub struct Login {
    /// The address of Pilothouse: https://HOST or https://HOST:PORT.
    url: String,
    /// The certificate of the authority to trust, as PEM, instead of the system's.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// The SHA-256 fingerprint of the authority to trust, in place of the question about it.
    #[arg(long, conflicts_with = "ca")]
    fingerprint: Option<String>,
}

pub async fn login(asked: Login) -> Result<(), String> {
    let site = Site::parse(&asked.url)?;
    let ca = asked.ca.map(|path| std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}.", path.display()))).transpose()?;
    let ca = trust::settle(&site, ca, asked.fingerprint.as_deref()).await?;
    let roots = trust::roots(ca.as_deref())?;
    let input = DeviceInput { client_name: concat!("pilothouse ", env!("CARGO_PKG_VERSION")).to_owned(), machine: Some(machine()) };
    let codes = site.client(roots.clone(), None).call::<DeviceBegin>(&[], &input).await.map_err(words)?;
    say(&format!(
        "Open this in a browser where you are signed in to Pilothouse:\n\n    {}\n\nand enter the code\n\n    {}\n\nWaiting for your yes there ...",
        codes.verification_uri, codes.user_code
    ));
    let token = wait(&site.wire(roots, None), &codes).await?;
    let kept = Kept {
        url: site.url.clone(),
        ca,
        username: token.username,
        token: token.access_token,
        token_id: token.id,
        expires_at: token.expires_at,
        // What an earlier sign-in pointed docker at is still there.
        engines: Kept::read().ok().filter(|before| before.url == site.url).map(|before| before.engines).unwrap_or_default(),
    };
    kept.write()?;
    say(&format!("You are signed in to {} as {}. `pilothouse connect` points docker at its engines.", kept.url, kept.username));
    Ok(())
}

/// Asks until there is a yes or a no, or the code is worth nothing any more.
async fn wait(wire: &impl Transport, codes: &DeviceCodes) -> Result<DeviceToken, String> {
    let end = now_ms().saturating_add_unsigned(codes.expires_in.saturating_mul(1000));
    let mut interval = Duration::from_secs(codes.interval.clamp(1, 60));
    while now_ms() < end {
        tokio::time::sleep(interval).await;
        match poll(wire, &codes.device_code).await? {
            Polled::Token(token) => return Ok(token),
            Polled::Not(error) if error == "authorization_pending" => {}
            Polled::Not(error) if error == "slow_down" => interval += Duration::from_secs(5),
            Polled::Not(error) if error == "access_denied" => return Err("Somebody said no in the browser.".to_owned()),
            Polled::Not(_) => break,
        }
    }
    Err("Nobody said yes in time. Start again.".to_owned())
}

enum Polled {
    Token(DeviceToken),
    /// The `error` of RFC 8628.
    Not(String),
}

async fn poll(wire: &impl Transport, device_code: &str) -> Result<Polled, String> {
    let unreadable = |e: serde_json::Error| format!("The answer cannot be read: {e}.");
    let body = serde_json::to_vec(&DeviceTokenInput { device_code: device_code.to_owned() }).map_err(unreadable)?;
    let request = http::Request::builder().method(DevicePoll::METHOD).uri(DevicePoll::PATH).header("content-type", "application/json");
    let request = request.body(body).map_err(|e| e.to_string())?;
    // A network that is away for a moment is no answer.
    let Ok(answer) = wire.send(request).await else { return Ok(Polled::Not("authorization_pending".to_owned())) };
    if answer.status().is_success() {
        return serde_json::from_slice(answer.body()).map(Polled::Token).map_err(unreadable);
    }
    #[derive(serde::Deserialize)]
    struct Refusal {
        error: Option<String>,
        title: Option<String>,
    }
    let refusal: Refusal = serde_json::from_slice(answer.body()).map_err(unreadable)?;
    refusal.error.map(Polled::Not).ok_or_else(|| refusal.title.unwrap_or_else(|| format!("The server answered {}.", answer.status())))
}

pub async fn logout() -> Result<(), String> {
    let kept = Kept::read()?;
    connect::disconnect(&kept).await;
    let client = Site::parse(&kept.url)?.client(trust::roots(kept.ca.as_deref())?, Some(&kept.token));
    let revoked = client.call::<TokenRevoke>(&[&kept.token_id], &Empty {}).await;
    Kept::forget()?;
    match revoked {
        Ok(_) => say("You are signed out: the token is revoked, and docker's contexts of it are removed."),
        // It has expired, most likely.
        Err(problem) => say(&format!("The sign-in is forgotten here. Its token could not be revoked: {problem}")),
    }
    Ok(())
}

pub fn words(problem: Problem) -> String {
    problem.to_string()
}

/// What this machine calls itself.
pub fn machine() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    let name: String = name.unwrap_or_default().trim().chars().filter(|c| !c.is_control()).take(60).collect();
    if name.is_empty() { "a machine without a name".to_owned() } else { name }
}
