//! A browser as far as a sign-in needs one: it keeps cookies, follows redirects, and fills in the sign-in form of the sandbox's provider.

use std::{
    collections::{BTreeMap, HashMap},
    net::SocketAddr,
};

use crate::http::{self, Answer};

/// A browser of its own.
#[derive(Clone, Default)]
pub struct Surfer {
    /// By host and port.
    cookies: HashMap<String, BTreeMap<String, String>>,
    /// What it says that it takes.
    pub accept: &'static str,
}

/// Host and path of an address on this machine.
fn split(url: &str) -> (SocketAddr, String) {
    let rest = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url} leads away from this machine"));
    let at = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(at);
    (
        host.parse().unwrap_or_else(|_| panic!("{url} leads away from this machine")),
        if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
    )
}

/// The value of a parameter of an address.
pub fn parameter(url: &str, name: &str) -> Option<String> {
    let query = url.split_once('?')?.1;
    let pair = query.split('&').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))?;
    let mut out = Vec::new();
    let mut bytes = pair.1.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let hex: String = bytes.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&hex, 16).unwrap()
            }
            b'+' => b' ',
            byte => byte,
        });
    }
    Some(String::from_utf8(out).unwrap())
}

impl Surfer {
    pub fn request(&mut self, method: &str, url: &str, body: &str) -> Answer {
        let (address, path) = split(url);
        let jar = self.cookies.entry(address.to_string()).or_default();
        let cookies = jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let accept = if self.accept.is_empty() { "*/*" } else { self.accept };
        let mut headers = vec![("Accept", accept)];
        if !cookies.is_empty() {
            headers.push(("Cookie", &cookies));
        }
        if !body.is_empty() {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
        }
        let answer = http::send(address, method, &path, &headers, body);
        for line in answer.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("set-cookie:")) {
            let pair = line.split_once(':').unwrap().1.trim().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() {
                jar.remove(name)
            } else {
                jar.insert(name.to_owned(), value.to_owned())
            };
        }
        answer
    }

    pub fn get(&mut self, url: &str) -> Answer {
        self.request("GET", url, "")
    }

    /// The cookies that a host gave, for a request by hand.
    pub fn cookies_of(&self, address: SocketAddr) -> String {
        let jar = self.cookies.get(&address.to_string());
        jar.into_iter().flatten().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub fn forget(&mut self, address: SocketAddr) {
        self.cookies.remove(&address.to_string());
    }

    /// Goes on from `url` as `login`, as long as it is led on; ends before an address that `stop` says of. Tells where that is, with
    /// the last answer.
    pub fn walk(&mut self, url: &str, login: &str, stop: impl Fn(&str) -> bool) -> (String, Answer) {
        let mut url = url.to_owned();
        let mut answer = self.get(&url);
        for _ in 0..20 {
            let next = if (300..400).contains(&answer.status) {
                let to = answer.header("location").unwrap().to_owned();
                if to.starts_with('/') { format!("http://{}{to}", split(&url).0) } else { to }
            } else if answer.status == 200 && answer.body.contains("name=\"prompt\"") {
                let action = answer.body.split("action=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
                let action = if action.starts_with('/') { format!("http://{}{action}", split(&url).0) } else { action.to_owned() };
                let prompt = answer.body.split("name=\"prompt\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap().to_owned();
                answer = self.request("POST", &action, &format!("prompt={prompt}&login={login}&password=any"));
                url = action;
                continue;
            } else {
                return (url, answer);
            };
            if stop(&next) {
                return (next, answer);
            }
            answer = self.get(&next);
            url = next;
        }
        panic!("led round in circles: {url}");
    }
}
