//! What can go wrong with a registry.

use super::answer::No;

/// Why a registry did not do it. Each is one sentence, and none holds a secret.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// No connection stands.
    #[error("The registry cannot be reached: {0}.")]
    Unreachable(String),
    #[error("The registry did not answer in time.")]
    Timeout,
    /// The connection broke, or what came was no HTTP.
    #[error("The registry broke off, or answered with something that is no HTTP.")]
    BrokenOff,
    #[error("Too many requests are on their way to this registry; try again shortly.")]
    Busy,
    /// It wants a credential, or another one.
    #[error("The registry does not take the credential that Pilothouse has for it.")]
    CredentialRefused,
    #[error("The registry wants a credential, and Pilothouse has none for it.")]
    CredentialMissing,
    /// It asks for its credential to be shown elsewhere.
    #[error(
        "The registry asks for the credential to be shown at {0}, which is neither its own host nor among its realm hosts; nothing was sent there."
    )]
    ForeignRealm(String),
    /// It sends elsewhere where nobody is sent.
    #[error("The registry sends elsewhere, and that is not followed: {0}.")]
    Redirect(&'static str),
    /// What it says is not what the spec has it say.
    #[error("The registry's answer is not what the distribution spec has it be: {0}.")]
    Garbled(&'static str),
    /// It says no.
    #[error("{}", .0.sentence)]
    Refused(No),
    #[error("What the registry sent is not what its digest says.")]
    WrongDigest,
    /// It cannot be read, or in two ways.
    #[error("The registry's manifest cannot be passed on: {0}")]
    BadManifest(String),
    #[error("This is a manifest of schema 1, a kind that was given up. Push the image again with a newer client.")]
    Schema1,
    #[error("This manifest is of no kind that is known here: it is neither an image nor an index of OCI or Docker.")]
    UnknownKind,
    /// The permit was for something else. A mistake of ours.
    #[error("The permit is not for this registry.")]
    NotThisRegistry,
}

/// What a failed request says.
pub fn from_client(error: &hyper_util::client::legacy::Error) -> RegistryError {
    if !error.is_connect() {
        return RegistryError::BrokenOff;
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return match io.kind() {
                std::io::ErrorKind::TimedOut => RegistryError::Timeout,
                std::io::ErrorKind::PermissionDenied => RegistryError::Redirect("the address is not one that a registry may send to"),
                std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::BrokenPipe => RegistryError::BrokenOff,
                _ => RegistryError::Unreachable(io.to_string()),
            };
        }
        source = cause.source();
    }
    RegistryError::Unreachable("no connection stands".to_owned())
}
