//! Settings: `pilothouse.toml`, overridden by `PILOTHOUSE_*` variables, overridden by flags. Every mistake is reported at once.

mod access;
mod audit;
mod forward;
mod guardrails;
mod images;
mod mail;
mod providers;
mod registries;
mod told;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use serde::Deserialize;

pub use access::{Access, AccountSection, GrantSection, RoleSection, TeamSection};
pub use audit::{Audit, AuditSection};
pub use forward::ForwardSection;
pub use guardrails::GuardrailSection;
pub use images::{ScannerSection, SignatureSection};
pub use mail::MailSection;
pub use providers::ProviderSection;
pub use registries::RegistrySection;
pub use told::Told;

use crate::{
    access::is_target_name,
    backends::docker::Address,
    providers::Local,
    reach::{Reach, host_of},
};

/// What the file may say. A name it does not know is a mistake.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct File {
    pub listen: Option<String>,
    pub data_dir: Option<PathBuf>,
    pub external_url: Option<String>,
    pub database_url: Option<String>,
    pub key_file: Option<PathBuf>,
    pub console_dir: Option<PathBuf>,
    pub trusted_proxies: Vec<String>,
    pub tls: Option<ServerTlsSection>,
    pub audit: AuditSection,
    pub mail: Option<MailSection>,
    pub engines: Vec<EngineSection>,
    pub registries: Vec<RegistrySection>,
    pub users: Vec<AccountSection>,
    pub robots: Vec<AccountSection>,
    pub teams: Vec<TeamSection>,
    pub roles: Vec<RoleSection>,
    pub grants: Vec<GrantSection>,
    pub guardrails: Vec<GuardrailSection>,
    pub scanner: Option<ScannerSection>,
    pub signatures: SignatureSection,
    pub providers: Vec<ProviderSection>,
    pub local_sign_in: Option<String>,
    pub break_glass: Vec<String>,
}

/// TLS on the listener: a certificate and its key, or `own = true`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerTlsSection {
    pub cert: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// The authority that signed the certificate, where clients do not know it by themselves.
    pub ca: Option<PathBuf>,
    /// The house's own authority makes the certificate.
    pub own: bool,
}

/// An engine that the file declares: applied at each start, and not to be changed anywhere else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineSection {
    pub name: String,
    pub url: String,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    pub tls: Option<TlsSection>,
}

/// Paths of PEM files.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsSection {
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
}

/// What flags and variables say; each wins over the file.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Overrides {
    /// The settings file. Without it, ./pilothouse.toml if there is one.
    #[arg(long, env = "PILOTHOUSE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Address and port to listen on.
    #[arg(long, env = "PILOTHOUSE_LISTEN")]
    pub listen: Option<String>,
    /// Where the database and the key are kept.
    #[arg(long, env = "PILOTHOUSE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,
    /// The address people use, when something stands in front of Pilothouse.
    #[arg(long, env = "PILOTHOUSE_EXTERNAL_URL")]
    pub external_url: Option<String>,
    /// The key that seals secrets; made on the first start.
    #[arg(long, env = "PILOTHOUSE_KEY_FILE")]
    pub key_file: Option<PathBuf>,
    /// The certificate that the listener shows, with its chain, as PEM: Pilothouse speaks TLS itself then.
    #[arg(long, env = "PILOTHOUSE_TLS_CERT")]
    pub tls_cert: Option<PathBuf>,
    /// The key of that certificate, as PEM.
    #[arg(long, env = "PILOTHOUSE_TLS_KEY")]
    pub tls_key: Option<PathBuf>,
    /// `true`: speak TLS with a certificate of Pilothouse's own authority.
    #[arg(long, env = "PILOTHOUSE_TLS_OWN")]
    pub tls_own: Option<bool>,
    /// The built browser half.
    #[arg(long, env = "PILOTHOUSE_CONSOLE_DIR")]
    pub console_dir: Option<PathBuf>,
    /// The password of user `admin`, made in an empty database. By variable only: flags can be seen by others.
    #[arg(skip)]
    pub admin_password: Option<String>,
}

/// The settings in force.
#[derive(Debug)]
pub struct Config {
    pub listen: SocketAddr,
    pub data_dir: PathBuf,
    pub external_url: String,
    /// A PostgreSQL database in the place of a file in `data_dir`.
    pub database_url: Option<String>,
    pub key_file: PathBuf,
    pub console_dir: Option<PathBuf>,
    pub admin_password: Option<String>,
    /// Whose word about where a request comes from counts.
    pub trusted_proxies: Vec<IpNet>,
    /// How the listener speaks TLS, if it does.
    pub tls: Option<ServerTls>,
    pub audit: Audit,
    /// How mail is sent, if it is.
    pub mail: Option<crate::audit::alerts::Settings>,
    pub engines: Vec<EngineSection>,
    pub registries: Vec<RegistrySection>,
    /// Who is declared, and what they may do.
    pub access: Access,
    pub guardrails: Vec<GuardrailSection>,
    /// What scans images, if anything of this machine does.
    pub scanner: Option<ScannerSection>,
    pub signatures: SignatureSection,
    pub providers: Vec<ProviderSection>,
    pub local: Local,
}

/// How the listener speaks TLS.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServerTls {
    Files {
        cert: PathBuf,
        key: PathBuf,
        ca: Option<PathBuf>,
    },
    /// With a certificate of the house's own authority.
    Own,
}

const DEFAULT_FILE: &str = "pilothouse.toml";

impl Config {
    /// Reads the file and lays flags and variables over it.
    ///
    /// # Errors
    /// Every mistake, one sentence each.
    pub fn load(over: Overrides) -> Result<Self, Vec<String>> {
        let file = match &over.config {
            Some(path) => read(path)?,
            None if Path::new(DEFAULT_FILE).exists() => read(Path::new(DEFAULT_FILE))?,
            None => File::default(),
        };
        let mut mistakes = Vec::new();
        // By variable or file only: its password is in it, and flags can be seen by others.
        let database_url = std::env::var("PILOTHOUSE_DATABASE_URL").ok().filter(|url| !url.is_empty()).or(file.database_url);
        if database_url.as_deref().is_some_and(|url| !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme))) {
            mistakes.push("database_url: it begins with postgres://. Without it the database is a file in data_dir.".to_owned());
        }
        let listen = over.listen.or(file.listen).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
        let listen: SocketAddr = listen.parse().unwrap_or_else(|_| {
            mistakes.push(format!("listen: {listen:?} is no ADDRESS:PORT, such as 127.0.0.1:8080."));
            SocketAddr::from(([127, 0, 0, 1], 0))
        });
        let section = file.tls.unwrap_or_default();
        let section = ServerTlsSection {
            cert: over.tls_cert.or(section.cert),
            key: over.tls_key.or(section.key),
            own: over.tls_own.unwrap_or(section.own),
            ..section
        };
        let tls = server_tls(section, &mut mistakes);
        let scheme = if tls.is_some() { "https" } else { "http" };
        let external_url = over.external_url.or(file.external_url).unwrap_or_else(|| format!("{scheme}://{listen}"));
        if !(external_url.starts_with("http://") || external_url.starts_with("https://")) {
            mistakes.push(format!("external_url: {external_url:?} must begin with http:// or https://."));
        } else if Reach::new(&external_url, None, None).is_none() {
            mistakes.push(format!("external_url: {external_url:?} names no host."));
        } else if tls.is_some() && external_url.starts_with("http://") {
            mistakes.push("external_url: with tls it must begin with https://.".to_owned());
        }
        let mut trusted_proxies = Vec::new();
        for proxy in &file.trusted_proxies {
            match proxy.parse::<IpNet>().or_else(|_| proxy.parse::<IpAddr>().map(IpNet::from)) {
                Ok(network) => trusted_proxies.push(network),
                Err(_) => mistakes.push(format!("trusted_proxies: {proxy:?} is neither an address nor a network, such as 10.0.0.0/8.")),
            }
        }
        let data_dir = over.data_dir.or(file.data_dir).unwrap_or_else(|| PathBuf::from("data"));
        let own_host = host_of(&external_url).unwrap_or_default();
        let audit = file.audit.check(&data_dir, &own_host, &mut mistakes);
        let mail = file.mail.and_then(|section| section.check(&own_host, &mut mistakes));
        let mut names = std::collections::HashSet::new();
        for engine in &file.engines {
            check_engine(engine, names.insert(engine.name.clone()), &mut mistakes);
        }
        registries::check(&file.registries, &names, &mut mistakes);
        let access = Access { users: file.users, robots: file.robots, teams: file.teams, roles: file.roles, grants: file.grants };
        access.check(&mut mistakes);
        if let Some(scanner) = &file.scanner {
            scanner.check(&mut mistakes);
        }
        providers::check(&file.providers, &mut mistakes);
        let local = providers::local(file.local_sign_in.as_deref(), file.break_glass, &mut mistakes);
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Ok(Self {
            listen,
            key_file: over.key_file.or(file.key_file).unwrap_or_else(|| data_dir.join("key")),
            data_dir,
            external_url: external_url.trim_end_matches('/').to_owned(),
            console_dir: over.console_dir.or(file.console_dir),
            database_url,
            admin_password: over.admin_password,
            trusted_proxies,
            tls,
            audit,
            mail,
            engines: file.engines,
            registries: file.registries,
            access,
            guardrails: file.guardrails,
            scanner: file.scanner,
            signatures: file.signatures,
            providers: file.providers,
            local,
        })
    }
}

fn server_tls(section: ServerTlsSection, mistakes: &mut Vec<String>) -> Option<ServerTls> {
    match (section.cert, section.key) {
        (Some(_), Some(_)) if section.own => mistakes.push("tls: own = true makes the certificate itself: leave cert and key out.".to_owned()),
        (Some(cert), Some(key)) => return Some(ServerTls::Files { cert, key, ca: section.ca }),
        (None, None) if section.own => return Some(ServerTls::Own),
        (None, None) if section.ca.is_none() => {}
        _ => mistakes.push("tls: cert and key belong together.".to_owned()),
    }
    None
}

fn check_engine(engine: &EngineSection, is_new: bool, mistakes: &mut Vec<String>) {
    let name = &engine.name;
    if !is_target_name(name) {
        mistakes.push(format!("engines: {name:?} is no name: use 1 to 63 of a-z, 0-9 and -."));
    }
    if !is_new {
        mistakes.push(format!("engines: {name} is declared twice."));
    }
    match Address::parse(&engine.url) {
        Err(why) => mistakes.push(format!("engines: {name}: {why}")),
        Ok(Address::Tls { .. }) if engine.tls.is_none() => mistakes.push(format!("engines: {name}: tcp:// needs tls = {{ ca, cert, key }}.")),
        Ok(_) => {}
    }
}

fn read(path: &Path) -> Result<File, Vec<String>> {
    let text = std::fs::read_to_string(path).map_err(|e| vec![format!("{}: {e}.", path.display())])?;
    toml::from_str(&text).map_err(|e| vec![format!("{}: {e}", path.display())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_said_whole_or_not_at_all() {
        let tls = |section: ServerTlsSection| {
            let mut mistakes = Vec::new();
            (server_tls(section, &mut mistakes), mistakes.len())
        };
        let (cert, key, ca) = (PathBuf::from("c"), PathBuf::from("k"), PathBuf::from("a"));
        assert_eq!(tls(ServerTlsSection::default()), (None, 0));
        assert_eq!(tls(ServerTlsSection { own: true, ..Default::default() }), (Some(ServerTls::Own), 0));
        let files = ServerTlsSection { cert: Some(cert.clone()), key: Some(key.clone()), ..Default::default() };
        assert_eq!(tls(files.clone()), (Some(ServerTls::Files { cert: cert.clone(), key, ca: None }), 0));
        assert_eq!(tls(ServerTlsSection { own: true, ..files }), (None, 1));
        assert_eq!(tls(ServerTlsSection { cert: Some(cert), ..Default::default() }), (None, 1));
        assert_eq!(tls(ServerTlsSection { ca: Some(ca), ..Default::default() }), (None, 1));
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let path = std::env::temp_dir().join(format!("pilothouse-config-{}.toml", std::process::id()));
        std::fs::write(&path, "listen = 'x'\ntrusted_proxies = ['10.0.0.0/8', 'x']\n[[engines]]\nname = 'A'\nurl = 'http://x'\n[[engines]]\nname = 'b'\nurl = 'tcp://x:1'\n").unwrap();
        let mistakes = Config::load(Overrides { config: Some(path.clone()), ..Overrides::default() }).unwrap_err();
        assert_eq!(mistakes.len(), 5, "{mistakes:#?}");
        std::fs::write(&path, "nonsense = 1\n").unwrap();
        assert!(Config::load(Overrides { config: Some(path.clone()), ..Overrides::default() }).is_err());
        std::fs::remove_file(path).unwrap();
    }
}
