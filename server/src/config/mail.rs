//! `[mail]`: how mail is sent.

use std::path::PathBuf;

use serde::Deserialize;

use super::forward::{client, secret};
use crate::{
    audit::{
        alerts::{Mailer, Security, Settings},
        forward::Secret,
    },
    outgoing::tls::is_loopback,
};

/// What the file may say of mail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailSection {
    pub host: String,
    pub port: Option<u16>,
    /// `starttls`, `tls` or `none`.
    pub tls: Option<String>,
    pub username: Option<String>,
    pub password: Option<String>,
    pub password_file: Option<PathBuf>,
    pub from: String,
    /// The authorities that sign the server's certificate, as PEM, where this machine does not know them.
    pub ca: Option<PathBuf>,
}

impl std::fmt::Debug for MailSection {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "MailSection({})", self.host)
    }
}

impl MailSection {
    /// What the section comes to; `None` when something in it is wrong. `own_host` is what Pilothouse calls itself.
    pub fn check(self, own_host: &str, mistakes: &mut Vec<String>) -> Option<Settings> {
        let mut wrong = Vec::new();
        let (security, usual) = match self.tls.as_deref() {
            None | Some("starttls") => (Security::StartTls, 587),
            Some("tls") => (Security::Tls, 465),
            Some("none") if is_loopback(&self.host) => (Security::None, 25),
            Some("none") => {
                wrong.push("tls = \"none\" is for a server on this machine itself; use \"starttls\" or \"tls\".".to_owned());
                (Security::None, 25)
            }
            Some(other) => {
                wrong.push(format!("tls = {other:?} is none of \"starttls\", \"tls\" and \"none\"."));
                (Security::StartTls, 587)
            }
        };
        if self.host.is_empty() || !self.host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b':')) {
            wrong.push(format!("host: {:?} is none.", self.host));
        }
        let password = match (self.password, &self.password_file) {
            (Some(_), Some(_)) => {
                wrong.push("give one of password and password_file.".to_owned());
                None
            }
            (Some(password), None) => Some(Secret(password)),
            (None, Some(file)) => secret("password_file", file).map_err(|why| wrong.push(why)).ok(),
            (None, None) => None,
        };
        let login = match (self.username, password) {
            (Some(username), Some(password)) => Some((username, password)),
            (None, None) => None,
            _ => {
                wrong.push("username and password belong together.".to_owned());
                None
            }
        };
        if let Err(why) = client(self.ca.as_deref(), None, None) {
            wrong.push(why);
        }
        let ca = self.ca.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        let settings =
            Settings { port: self.port.unwrap_or(usual), host: self.host, security, login, from: self.from, ca, own_host: own_host.to_owned() };
        if wrong.is_empty()
            && let Err(why) = Mailer::new(&settings)
        {
            wrong.push(why);
        }
        let right = wrong.is_empty();
        mistakes.extend(wrong.into_iter().map(|why| format!("mail: {why}")));
        right.then_some(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> (Option<Settings>, Vec<String>) {
        let mut mistakes = Vec::new();
        let section: MailSection = toml::from_str(text).unwrap();
        (section.check("house.example", &mut mistakes), mistakes)
    }

    #[test]
    fn mail_is_said_whole_and_shows_no_password() {
        let (settings, mistakes) = checked("host = 'smtp.example'\nusername = 'u'\npassword = 'hidden'\nfrom = 'Pilothouse <ph@example.com>'\n");
        let settings = settings.unwrap();
        assert_eq!((settings.port, settings.security, mistakes.len()), (587, Security::StartTls, 0));
        assert!(!format!("{settings:?}").contains("hidden"));
        assert_eq!(checked("host = 'localhost'\ntls = 'none'\nfrom = 'ph@localhost'\n").0.unwrap().port, 25);
    }

    #[test]
    fn every_mistake_is_told() {
        for (text, n) in [
            ("host = 'smtp.example'\ntls = 'none'\nfrom = 'a@b.de'", 1),
            ("host = ''\ntls = 'ssl'\nfrom = 'a@b.de'", 2),
            ("host = 'a'\nfrom = 'nobody'", 1),
            ("host = 'a'\nfrom = 'a@b.de'\nusername = 'u'", 1),
            ("host = 'a'\nfrom = 'a@b.de'\npassword = 'p'\npassword_file = '/nowhere'", 1),
            ("host = 'a'\nfrom = 'a@b.de'\nca = '/nowhere'\nusername = 'u'\npassword_file = '/nowhere'", 3),
        ] {
            let (settings, mistakes) = checked(text);
            assert_eq!(mistakes.len(), n, "{text}: {mistakes:?}");
            assert!(settings.is_none() && mistakes.iter().all(|mistake| mistake.starts_with("mail: ")), "{mistakes:?}");
        }
    }
}
