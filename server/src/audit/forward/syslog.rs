//! A place that takes syslog messages: RFC 5424, by TLS (RFC 5425) or by plain TCP (RFC 6587, 3.4.1), with octets counted in both.

use std::{sync::Arc, time::Duration};

use rustls::ClientConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Batch, Item, Sink, SinkError};
use crate::outgoing::{Io, connect};

/// How long connecting, and writing one piece, may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the connection has to stay open behind a piece. Syslog acknowledges nothing; but a receiver that has ended says so.
const MOMENT: Duration = Duration::from_millis(100);
/// RFC 5424, 6.3.2: the name is ours, the number the one that is kept for documentation (RFC 5612).
const SD_ID: &str = "pilothouse@32473";

/// A syslog receiver.
pub struct Syslog {
    pub host: String,
    pub port: u16,
    /// Without it, plain TCP.
    pub tls: Option<Arc<ClientConfig>>,
    /// 0 to 23 (RFC 5424, 6.2.1).
    pub facility: u8,
    /// Who it is from: the host of Pilothouse's own address.
    pub hostname: String,
    pub connection: Option<Box<dyn Io>>,
}

impl std::fmt::Debug for Syslog {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "Syslog({})", self.shown())
    }
}

impl Syslog {
    /// Where it is.
    pub fn shown(&self) -> String {
        let host = if self.host.contains(':') && !self.host.starts_with('[') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{}://{host}:{}", if self.tls.is_some() { "tls" } else { "tcp" }, self.port)
    }

    fn away(&self, why: impl std::fmt::Display) -> SinkError {
        SinkError::Away(format!("{} {why}.", self.shown()))
    }

    /// The connection there is if the receiver has not ended it, or a new one.
    async fn open(&mut self) -> Result<Box<dyn Io>, SinkError> {
        if let Some(mut io) = self.connection.take()
            && is_open(&mut io, Duration::from_millis(1)).await
        {
            return Ok(io);
        }
        match tokio::time::timeout(PATIENCE, connect(self.tls.clone(), &self.host, self.port)).await {
            Ok(Ok(io)) => Ok(io),
            Ok(Err(error)) => Err(self.away(format!("cannot be reached: {error}"))),
            Err(_) => Err(self.away("did not answer within 10 s")),
        }
    }

    async fn write(&self, io: &mut Box<dyn Io>, bytes: &[u8]) -> Result<(), SinkError> {
        let writing = async {
            io.write_all(bytes).await?;
            io.flush().await
        };
        match tokio::time::timeout(PATIENCE, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(self.away(format!("broke off: {error}"))),
            Err(_) => Err(self.away("took nothing for 10 s")),
        }
    }
}

impl Sink for Syslog {
    const LINES: u32 = 1_000;

    async fn send(&mut self, batch: &Batch) -> Result<Option<String>, SinkError> {
        let mut io = self.open().await?;
        let mut bytes = Vec::new();
        for item in &batch.items {
            frame(&mut bytes, &message(item, self.facility, &self.hostname));
        }
        self.write(&mut io, &bytes).await?;
        if !is_open(&mut io, MOMENT).await {
            return Err(self.away("ended the connection behind what it was sent"));
        }
        self.connection = Some(io);
        Ok(None)
    }
}

/// Whether the other side leaves the connection open for this long. It has nothing to say, and what it says all the same is passed over.
async fn is_open(io: &mut Box<dyn Io>, moment: Duration) -> bool {
    let mut said = [0; 512];
    let watch = async {
        loop {
            match io.read(&mut said).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    };
    tokio::time::timeout(moment, watch).await.is_err()
}

/// MSG-LEN SP SYSLOG-MSG (RFC 5425, 4.3).
fn frame(bytes: &mut Vec<u8>, message: &str) {
    bytes.extend_from_slice(format!("{} ", message.len()).as_bytes());
    bytes.extend_from_slice(message.as_bytes());
}

/// One message (RFC 5424, 6). What it says is JSON, which is UTF-8 and begins with no byte order mark (RFC 8259, 8.1): for RFC 5424 that is MSG-ANY.
fn message(item: &Item, facility: u8, hostname: &str) -> String {
    // 4 is a warning, 6 is for information.
    let priority = u32::from(facility) * 8 + if item.warns { 4 } else { 6 };
    let at = item.at.and_then(|at| jiff::Timestamp::from_millisecond(at).ok()).map_or_else(|| "-".to_owned(), |at| format!("{at:.3}"));
    let mut data = format!("[{SD_ID} writer=\"{}\" seq=\"{}\"", item.writer, item.seq);
    for (name, value) in item.fields.iter().filter(|(_, value)| !value.is_empty()) {
        data += &format!(" {name}=\"{}\"", escaped(value));
    }
    format!("<{priority}>1 {at} {} pilothouse {} {} {data}] {}", printable(hostname), std::process::id(), item.kind, item.line)
}

/// A PARAM-VALUE: `"`, `\` and `]` stand behind a `\` (RFC 5424, 6.3.3).
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if matches!(c, '"' | '\\' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// A HOSTNAME: printable, without a space, at most 255 (RFC 5424, 6).
fn printable(name: &str) -> String {
    let name: String = name.chars().filter(|c| c.is_ascii_graphic()).take(255).collect();
    if name.is_empty() { "-".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item() -> Item {
        Item {
            kind: "complete",
            line: "{\"entry\":\"é\"}".to_owned(),
            at: Some(1_795_000_000_120),
            writer: 1,
            seq: 7,
            warns: true,
            fields: vec![("user", "a\"n]a\\".to_owned()), ("object", String::new())],
            record: None,
        }
    }

    #[test]
    fn a_message_is_as_rfc_5424_has_it() {
        let pid = std::process::id();
        assert_eq!(
            message(&item(), 13, "house.example"),
            format!(
                "<108>1 2026-11-18T11:06:40.120Z house.example pilothouse {pid} complete \
                 [pilothouse@32473 writer=\"1\" seq=\"7\" user=\"a\\\"n\\]a\\\\\"] {{\"entry\":\"é\"}}"
            )
        );
        let plain = message(&Item { at: None, warns: false, fields: Vec::new(), ..item() }, 4, "a b\n");
        assert!(plain.starts_with("<38>1 - ab pilothouse "), "{plain}");
    }

    #[test]
    fn octets_are_counted_and_not_characters() {
        let mut bytes = Vec::new();
        frame(&mut bytes, "é");
        frame(&mut bytes, "ab");
        assert_eq!(bytes, "2 é2 ab".as_bytes());
    }
}
