//! Mail: one message to one address, as plain text, by SMTP.

use std::time::Duration;

use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters},
        extension::ClientId,
    },
};

use super::super::{
    clean,
    forward::{Secret, SinkError},
};

/// How long one message may take, the connection included.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long one step of it may take.
const STEP: Duration = Duration::from_secs(10);

/// How the way to the mail server is kept from being listened to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// The connection begins in the clear and is secured before anything is said.
    StartTls,
    Tls,
    /// To this very machine alone.
    None,
}

/// How mail is sent, as the settings have it.
#[derive(Debug)]
pub struct Settings {
    pub host: String,
    pub port: u16,
    pub security: Security,
    /// Who signs in, and their password.
    pub login: Option<(String, Secret)>,
    pub from: String,
    /// The authorities that sign the server's certificate, as PEM; empty for those of this machine.
    pub ca: String,
    /// What Pilothouse calls itself.
    pub own_host: String,
}

/// Sends mail.
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    own_host: String,
    /// The server, as mistakes call it.
    shown: String,
}

impl Mailer {
    /// # Errors
    /// One sentence about what cannot be used; it shows no password.
    pub fn new(settings: &Settings) -> Result<Self, String> {
        let from = settings.from.parse().map_err(|_| format!("from: {:?} is no address.", settings.from))?;
        let tls = match settings.security {
            Security::None => Tls::None,
            Security::StartTls => Tls::Required(parameters(settings)?),
            Security::Tls => Tls::Wrapper(parameters(settings)?),
        };
        let hello = settings.own_host.trim_start_matches('[').trim_end_matches(']').parse().map_or_else(
            |_| ClientId::Domain(settings.own_host.clone()),
            |address| match address {
                std::net::IpAddr::V4(address) => ClientId::Ipv4(address),
                std::net::IpAddr::V6(address) => ClientId::Ipv6(address),
            },
        );
        // "Dangerous" is that it does without TLS unless told, which it is.
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host);
        builder = builder.port(settings.port).tls(tls).hello_name(hello).timeout(Some(STEP));
        if let Some((username, password)) = &settings.login {
            builder = builder.credentials(Credentials::new(username.clone(), password.0.clone()));
        }
        let shown = format!("{}:{}", settings.host, settings.port);
        Ok(Self { transport: builder.build(), from, own_host: settings.own_host.clone(), shown })
    }

    /// Sends one message. `id` is the same each time that the same one is sent, so that a mailbox can tell.
    ///
    /// # Errors
    /// When the server did not take it, or that is not known: one sentence.
    pub async fn send(&self, to: &str, subject: &str, text: String, id: &str) -> Result<(), SinkError> {
        let away = |why: String| SinkError::Away(clean(&format!("The mail server {}{why}", self.shown)));
        let no_message = |why: String| SinkError::Away(format!("No message to {to} can be made: {why}."));
        let address: Address = to.parse().map_err(|_| no_message("it is no address".to_owned()))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, address))
            .subject(subject)
            .message_id(Some(format!("<{id}@{}>", self.own_host.trim_matches(['[', ']']))))
            // Nobody's absence is to be told to it (RFC 3834).
            .raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned()))
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|why| no_message(why.to_string()))?;
        match tokio::time::timeout(PATIENCE, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(away(format!(" did not take it: {error}."))),
            Err(_) => Err(away(format!(" did not take it within {} s.", PATIENCE.as_secs()))),
        }
    }
}

fn parameters(settings: &Settings) -> Result<TlsParameters, String> {
    let wrong = |why: lettre::transport::smtp::Error| format!("ca: the certificates cannot be used: {why}.");
    let mut builder = TlsParameters::builder(settings.host.clone());
    if !settings.ca.trim().is_empty() {
        builder =
            builder.certificate_store(CertificateStore::None).add_root_certificate(Certificate::from_pem(settings.ca.as_bytes()).map_err(wrong)?);
    }
    builder.build().map_err(wrong)
}

/// An address that a message may go to, as it is kept; `None` for anything else.
pub fn address(text: &str) -> Option<String> {
    let text = text.trim();
    let plain =
        text.len() <= 254 && text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b',' | b';' | b'\\' | b'(' | b')'));
    // One that is called `webhook` would be taken for one; it has no @, so it is none.
    (plain && text.contains('@') && text.parse::<Address>().is_ok()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_is_one() {
        for good in ["ops@example.com", " a.b+c@sub.example.org ", "root@localhost"] {
            assert_eq!(address(good), Some(good.trim().to_owned()));
        }
        let long = format!("{}@example.com", "a".repeat(300));
        for bad in ["", "ops", "webhook", "a@b, c@d", "a b@c.de", "Ana <ana@example.com>", "a@b\r\nBcc: c@d", "\"a\"@b.de", long.as_str()] {
            assert_eq!(address(bad), None, "{bad:?}");
        }
    }
}
