//! `pilothouse connect`: points docker at the engines one may reach, each by a context of its own.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use clap::Args;
use pilothouse_app::{
    api::{
        Empty, ListQuery,
        certificates::{BundleCreate, BundleInput, CertificateList, CertificateRevoke},
        engines::EngineList,
        session::{TokenList, TokenRevoke},
    },
    client::Client,
};
use serde_json::Value;

use super::{
    kept::{self, Kept},
    login::{machine, words},
    say,
    site::Site,
    trust,
};
use crate::{access::is_target_name, authn::secret, clock::now_ms};

/// A file of a bundle is never larger, in bytes.
const LARGEST: u64 = 256 * 1024;

#[derive(Args)]
pub struct Connect {
    /// Only this engine; may be given several times.
    #[arg(long = "engine", value_name = "NAME")]
    engines: Vec<String>,
}

pub async fn connect(asked: Connect) -> Result<(), String> {
    let mut kept = Kept::read()?;
    if kept.expires_at <= now_ms() {
        return Err(format!("Your sign-in has expired: `pilothouse login {}` again.", kept.url));
    }
    let client = client(&kept)?;
    let query = ListQuery { limit: Some(500), ..ListQuery::default() };
    let seen: Vec<String> = client.call::<EngineList>(&[], &query).await.map_err(words)?.items.into_iter().map(|engine| engine.name).collect();
    if let Some(missing) = asked.engines.iter().find(|name| !seen.contains(name)) {
        return Err(format!("There is no engine {missing}, or you may not see it."));
    }
    let wanted = if asked.engines.is_empty() { seen } else { asked.engines };
    if wanted.is_empty() {
        return Err("There is no engine that you may see.".to_owned());
    }
    for engine in wanted.iter().filter(|name| is_target_name(name)) {
        let before = ours(&client, |on| on == engine).await?;
        let input = BundleInput { name: our_name(), engine: Some(engine.clone()), expires_in_s: None };
        let archive = client.file::<BundleCreate>(&[], &input).await.map_err(words)?;
        say(&place(engine, &unpack(&archive)?)?);
        if !kept.engines.contains(engine) {
            kept.engines.push(engine.clone());
            kept.write()?;
        }
        // Those of an earlier time are of no use any more: nobody has their keys.
        revoke(&client, before).await;
    }
    Ok(())
}

/// Takes back what was made for docker here, as far as that is possible: called when the sign-in ends.
pub async fn disconnect(kept: &Kept) {
    if let Ok(client) = client(kept)
        && let Ok(ours) = ours(&client, |on| kept.engines.iter().any(|engine| engine == on)).await
    {
        revoke(&client, ours).await;
    }
    for engine in kept.engines.iter().filter(|name| is_target_name(name)) {
        if let Ok(docker) = kept::docker_folder() {
            for part in ["meta", "tls"] {
                let _ = fs::remove_dir_all(docker.join("contexts").join(part).join(id(&context(engine))));
            }
        }
        if let Ok(folder) = own_folder(engine) {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

fn client(kept: &Kept) -> Result<Client, String> {
    Ok(Site::parse(&kept.url)?.client(trust::roots(kept.ca.as_deref())?, Some(&kept.token)))
}

/// The name that certificates and tokens made here go by.
fn our_name() -> String {
    format!("pilothouse connect on {}", machine())
}

enum Ours {
    Certificate(String),
    Token(String),
}

/// What was made here before, for these engines.
async fn ours(client: &Client, on: impl Fn(&str) -> bool) -> Result<Vec<Ours>, String> {
    let name = our_name();
    let is_ours = |of: &str, engine: &Option<String>| of == name && engine.as_deref().is_some_and(&on);
    let certificates = client.call::<CertificateList>(&[], &Empty {}).await.map_err(words)?.items.into_iter();
    let certificates = certificates.filter(|it| it.revoked_at.is_none() && is_ours(&it.name, &it.engine)).map(|it| Ours::Certificate(it.id));
    let tokens = client.call::<TokenList>(&[], &Empty {}).await.map_err(words)?.items.into_iter();
    let tokens = tokens.filter(|it| is_ours(&it.name, &it.engine)).map(|it| Ours::Token(it.id));
    Ok(certificates.chain(tokens).collect())
}

/// What has expired in the meantime cannot be revoked, and need not be.
async fn revoke(client: &Client, ours: Vec<Ours>) {
    for it in ours {
        match it {
            Ours::Certificate(id) => drop(client.call::<CertificateRevoke>(&[&id], &Empty {}).await),
            Ours::Token(id) => drop(client.call::<TokenRevoke>(&[&id], &Empty {}).await),
        }
    }
}

/// The files of a bundle, by name. Only those that it may hold.
fn unpack(archive: &[u8]) -> Result<BTreeMap<String, String>, String> {
    const KNOWN: [&str; 5] = ["meta.json", "tls/docker/ca.pem", "tls/docker/cert.pem", "tls/docker/key.pem", "tls/pilothouse/config.json"];
    let unreadable = |e: std::io::Error| format!("The bundle cannot be read: {e}.");
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(archive).entries().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let path = entry.path().map_err(unreadable)?.display().to_string();
        if KNOWN.contains(&path.as_str()) {
            let mut text = String::new();
            entry.take(LARGEST).read_to_string(&mut text).map_err(unreadable)?;
            files.insert(path, text);
        }
    }
    Ok(files)
}

/// What the context is called.
fn context(engine: &str) -> String {
    format!("pilothouse-{engine}")
}

/// The folder that docker keeps a context's files in.
fn id(context: &str) -> String {
    secret::hex(&secret::hash(context))
}

/// Where docker's settings for `engine` are, where they hold a token.
fn own_folder(engine: &str) -> Result<PathBuf, String> {
    Ok(kept::folder()?.join("docker").join(engine))
}

/// Writes the context, and says how to use it.
fn place(engine: &str, files: &BTreeMap<String, String>) -> Result<String, String> {
    let context = context(engine);
    let mut config: Value = files.get("tls/pilothouse/config.json").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    if config["HttpHeaders"]["Authorization"].is_null() {
        write_context(&kept::docker_folder()?, &context, files)?;
        return Ok(format!("{engine}: docker --context {context} ps"));
    }
    // A context cannot hold a header: its settings come in a folder of their own, and are in use when docker is told of it.
    let folder = own_folder(engine)?;
    write_context(&folder, &context, files)?;
    config["currentContext"] = context.into();
    kept::write(&folder.join("config.json"), &format!("{config:#}\n"))?;
    Ok(format!(
        "{engine}: Pilothouse does not speak TLS itself there, so docker has to send a token as a header. These two lines make it:\n\
         \x20   export DOCKER_CONFIG={}\n\
         \x20   unset DOCKER_HOST DOCKER_CONTEXT DOCKER_TLS_VERIFY",
        quoted(&folder)
    ))
}

fn write_context(docker: &Path, context: &str, files: &BTreeMap<String, String>) -> Result<(), String> {
    let folder = |part: &str| docker.join("contexts").join(part).join(id(context));
    let meta = files.get("meta.json").ok_or("The bundle holds no context.")?;
    let mut meta: Value = serde_json::from_str(meta).map_err(|e| format!("The bundle's context cannot be read: {e}."))?;
    meta["Name"] = context.into();
    kept::write(&folder("meta").join("meta.json"), &meta.to_string())?;
    let tls = folder("tls");
    let _ = fs::remove_dir_all(&tls);
    for (path, text) in files {
        if let Some(name) = path.strip_prefix("tls/docker/") {
            kept::write(&tls.join("docker").join(name), text)?;
        }
    }
    Ok(())
}

/// A path for a shell.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_what_a_bundle_may_hold_is_unpacked() {
        let mut archive = tar::Builder::new(Vec::new());
        for path in ["meta.json", "tls/docker/key.pem", "tls/docker/other.pem", "evil"] {
            let mut header = tar::Header::new_ustar();
            header.set_size(2);
            archive.append_data(&mut header, path, &b"{}"[..]).unwrap();
        }
        let files = unpack(&archive.into_inner().unwrap()).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["meta.json", "tls/docker/key.pem"]);
    }

    #[test]
    fn a_folder_with_an_apostrophe_stays_one_word() {
        assert_eq!(quoted(Path::new("/home/o'neil")), "'/home/o'\\''neil'");
    }
}
