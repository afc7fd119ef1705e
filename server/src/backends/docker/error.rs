//! What can go wrong with an engine.

/// Why an engine did not do it.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No connection stands.
    #[error("The engine cannot be reached: {0}.")]
    Unreachable(String),
    /// No answer in time.
    #[error("The engine did not answer in time.")]
    Timeout,
    /// The connection broke, or what came was no HTTP.
    #[error("The engine broke off, or answered with something that is no HTTP.")]
    BrokenOff,
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Conflict(String),
    /// It reaches out of the projects that one has rights on. Said here, not by the engine.
    #[error("{0}")]
    Outside(String),
    /// It said no, with this status and in these words.
    #[error("{message}")]
    Refused { status: u16, message: String },
    /// Too many requests are on their way to it.
    #[error("Too many requests are on their way to this engine; try again shortly.")]
    Busy,
    /// The permit was for something else. A mistake of ours.
    #[error("The permit is not for this engine.")]
    NotThisEngine,
}

/// What a failed connection or request says.
pub fn from_client(error: &hyper_util::client::legacy::Error) -> EngineError {
    if !error.is_connect() {
        return EngineError::BrokenOff;
    }
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return from_io(io);
        }
        source = cause.source();
    }
    EngineError::Unreachable("no connection stands".to_owned())
}

/// What a connection that could not be made says.
pub fn from_io(error: &std::io::Error) -> EngineError {
    match error.kind() {
        std::io::ErrorKind::TimedOut => EngineError::Timeout,
        std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::BrokenPipe => EngineError::BrokenOff,
        _ => EngineError::Unreachable(error.to_string()),
    }
}
