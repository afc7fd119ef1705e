//! A real mail server.

use std::{path::PathBuf, process::Command};

use serde_json::Value;

use crate::sandbox::{Running, folder, free_port, script, start};

/// What the mail server knows Pilothouse by.
pub const PASSWORD: &str = "password of the mail server";

/// A mail server that asks for a login, behind STARTTLS or by TLS.
pub struct Mail {
    pub port: u16,
    dir: PathBuf,
    how: &'static str,
    running: Option<Running>,
}

/// A message that it took.
#[derive(Clone, Debug)]
pub struct Message {
    pub from: String,
    pub to: Vec<String>,
    /// As it came.
    pub raw: String,
    /// Names and values of its headers, as they came; a value may go on in a line of its own.
    pub headers: Vec<(String, String)>,
    /// Its subject and its text, read as a mailbox reads them.
    pub subject: String,
    pub text: String,
}

impl Mail {
    /// Behind STARTTLS; `--tls` is the other way.
    pub fn start(how: &'static str) -> Mail {
        let mut mail = Mail { port: free_port(), dir: folder("mail"), how, running: None };
        mail.start_again();
        mail
    }

    pub fn stop(&mut self) {
        self.running = None;
    }

    pub fn start_again(&mut self) {
        self.running = None;
        let mut part = script("smtp");
        part.arg(&self.dir).arg(self.port.to_string()).args(Some(self.how).filter(|how| !how.is_empty()));
        self.running = Some(start(&mut part, "the mail server did not start; `deploy/sandbox/install test` installs python3-aiosmtpd"));
    }

    /// The settings that send mail there.
    pub fn settings(&self) -> String {
        let (tls, ca, file) = (if self.how == "--tls" { "tls" } else { "starttls" }, self.dir.join("ca.pem"), self.dir.join("password"));
        std::fs::write(&file, format!("{PASSWORD}\n")).unwrap();
        format!(
            "[mail]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"{tls}\"\nusername = \"pilothouse\"\npassword_file = \"{}\"\n\
             from = \"Pilothouse <pilothouse@example.com>\"\nca = \"{}\"\n",
            self.port,
            file.display(),
            ca.display()
        )
    }

    /// Every message that it took.
    pub fn messages(&self) -> Vec<Message> {
        let text = std::fs::read_to_string(self.dir.join("messages")).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| read(&serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))).collect()
    }
}

fn read(message: &Value) -> Message {
    // A mailbox's own reading, not ours.
    let program = "import sys,json,email,email.policy\n\
                   m=email.message_from_string(sys.argv[1],policy=email.policy.default)\n\
                   assert not m.defects and not m.is_multipart() and m.get_content_type()=='text/plain'\n\
                   print(json.dumps({'subject':m['subject'],'text':m.get_content(),'headers':[[k,str(v)] for k,v in m.items()]}))";
    let raw = message["text"].as_str().unwrap();
    let done = Command::new("python3").args(["-c", program, raw]).output().expect("python3 is there");
    assert!(done.status.success(), "{raw}: {}", String::from_utf8_lossy(&done.stderr));
    let read: Value = serde_json::from_slice(&done.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Message {
        from: text(&message["from"]),
        to: message["to"].as_array().unwrap().iter().map(text).collect(),
        raw: raw.to_owned(),
        headers: read["headers"].as_array().unwrap().iter().map(|header| (text(&header[0]), text(&header[1]))).collect(),
        subject: text(&read["subject"]),
        text: text(&read["text"]),
    }
}
