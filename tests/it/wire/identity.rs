//! Whose words reach whom: nothing of the client's reaches the engine, and nothing but the answer comes back.

use super::*;

/// Everything by which a client could speak to an engine, or to what stands before it, in another's name. Each value bears a mark.
fn disguise() -> String {
    let marked = [
        "Impersonate-User",
        "Impersonate-Uid",
        "Impersonate-Group",
        "Impersonate-Extra-Scopes",
        "X-Remote-User",
        "X-Remote-Group",
        "X-Remote-Extra-Scopes",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Forwarded-User",
        "X-Forwarded-Email",
        "X-Forwarded-Access-Token",
        "X-Forwarded-Client-Cert",
        "X-Forwarded-Prefix",
        "X-Real-IP",
        "X-Auth-Request-User",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "X-Docker-Token",
        "X-Meta-Anything",
        "Forwarded",
        "Via",
        "Cookie",
        "Proxy",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Keep-Alive",
        "Accept",
        "Accept-Encoding",
        "Range",
        "If-Match",
        "Referer",
        "User-Agent",
        "Content-Language",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Extensions",
        "HTTP2-Settings",
        "Trailer",
        "Date",
    ];
    let mut all: String = marked.iter().map(|name| format!("{name}: mark\r\n")).collect();
    all += "X-Forwarded-For: 192.0.2.1, mark\r\nTE: trailers, mark\r\nCookie: pilothouse=mark; __Host-pilothouse=mark\r\nImpersonate-User: mark\r\n";
    all + "Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.mark, mark\r\n"
}

#[test]
fn nothing_of_whoever_asks_reaches_the_engine() {
    let engine = Engine::start(|target| match target.split(['/', '?']).nth(3) {
        Some("attach" | "start") => Act::Raw(Duration::ZERO, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".to_owned()),
        _ if target == "/session" => Act::Raw(Duration::ZERO, "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n".to_owned()),
        _ => Act::Say(echo(target)),
    });
    let house = house(&engine);
    let trick =
        "host, user-agent, content-type, content-length, transfer-encoding, authorization, impersonate-user, x-remote-user, pilothouse-engine";
    let plain = format!("Connection: close, {trick}\r\n");
    let upgrade = format!("Connection: Upgrade, {trick}, upgrade\r\nUpgrade: tcp\r\n");
    let h2c = format!("Connection: Upgrade, {trick}\r\nUpgrade: h2c\r\nX-Docker-Expose-Session-Uuid: id\r\n");
    let session = "X-Docker-Expose-Session-Uuid: mark\r\n";
    let registry = "X-Registry-Auth: cmVnaXN0cnk=\r\n";
    for (line, extra, status, expected) in [
        ("GET /engines/fake/containers/json", format!("{plain}{session}"), 200, &["host", "user-agent"][..]),
        ("GET /engines/fake/containers/a/logs", format!("{plain}{session}"), 200, &["host", "user-agent"]),
        (CREATE, format!("{plain}{session}{JSON}Content-Length: 2\r\n"), 200, &["host", "user-agent", "content-type", "content-length"]),
        (
            LOAD,
            format!("{plain}{session}Content-Type: mark/mark\r\nContent-Length: 2\r\n"),
            200,
            &["host", "user-agent", "content-type", "content-length"],
        ),
        (
            "POST /engines/fake/images/a/push",
            format!("{plain}{registry}Content-Length: 0\r\n"),
            200,
            &["host", "user-agent", "content-type", "content-length", "x-registry-auth"],
        ),
        ("POST /engines/fake/containers/a/attach?stream=1", upgrade.clone(), 101, &["host", "user-agent", "connection", "upgrade", "content-length"]),
        (
            "POST /engines/fake/exec/a/start",
            format!("{upgrade}{JSON}Content-Length: 2\r\n"),
            101,
            &["host", "user-agent", "connection", "upgrade", "content-type", "content-length"],
        ),
        ("POST /engines/fake/session", h2c, 101, &["host", "user-agent", "connection", "upgrade", "content-length", "x-docker-expose-session-uuid"]),
    ] {
        let body = if extra.contains("Content-Length: 2") { "{}" } else { "" };
        let mut stream = connect(house.address);
        stream.write_all(format!("{}{}{extra}\r\n{body}", begin(&house.admin, line), disguise()).as_bytes()).unwrap();
        let answer = until(&mut stream, |bytes| bytes.len() >= 12);
        assert_eq!(String::from_utf8_lossy(&answer[..12]), format!("HTTP/1.1 {status}"), "{line}: {}", String::from_utf8_lossy(&answer));
        let seen = engine.take();
        assert_eq!(seen.len(), 1, "{line}: {seen:?}");
        let head = &seen[0].head;
        assert!(!head.contains("mark") && !head.contains("ph_pat_"), "{line}: {head}");
        assert_eq!(value(head, "host"), Some("docker"), "{line}: {head}");
        assert_eq!(value(head, "user-agent"), Some("Pilothouse"), "{line}: {head}");
        assert_eq!(head.lines().skip(1).filter(|line| !line.is_empty()).count(), seen[0].names().len(), "{line}: something comes twice: {head}");
        let mut surplus: BTreeSet<_> = seen[0].names().difference(&names(expected)).cloned().collect();
        assert!(surplus.is_empty(), "{line}: {surplus:?} in {head}");
        // A length of nought may stand or not.
        surplus.extend(names(expected).difference(&seen[0].names()).filter(|name| *name != "content-length" || !body.is_empty()).cloned());
        assert!(surplus.is_empty(), "{line}: {surplus:?} not in {head}");
        if status == 101 {
            assert_eq!(value(head, "connection").map(str::to_ascii_lowercase).as_deref(), Some("upgrade"), "{line}: {head}");
        }
    }
}

/// At the engine door there is one way to say who one is.
#[test]
fn no_other_credential_than_the_header_opens_the_engine_door() {
    let engine = Engine::echo();
    let house = house(&engine);
    let cookie = house.sign_in("admin", PASSWORD);
    let (token, mut wrong) = (&house.admin, Vec::new());
    for (what, headers, status) in [
        ("nothing", String::new(), 401),
        ("a session", format!("Cookie: {cookie}\r\n"), 401),
        ("a token as a cookie", format!("Cookie: {}={token}\r\n", cookie.split('=').next().unwrap()), 401),
        ("a session as a token", format!("Authorization: Bearer {}\r\n", cookie.split_once('=').unwrap().1), 401),
        ("a token of WebSockets", format!("Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.{token}\r\n"), 401),
        ("a token for a proxy", format!("Proxy-Authorization: Bearer {token}\r\n"), 401),
        ("a token of another scheme", format!("Authorization: Basic {token}\r\n"), 401),
        ("a token without a scheme", format!("Authorization: {token}\r\n"), 401),
        ("two tokens in a line", format!("Authorization: Bearer {token}, Bearer {token}\r\n"), 401),
        ("a token and more", format!("Authorization: Bearer {token} x\r\n"), 401),
        ("two tokens", format!("Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n"), 400),
        ("a name that says so", "X-Remote-User: admin\r\nX-Forwarded-User: admin\r\nImpersonate-User: admin\r\n".to_owned(), 401),
        ("a token in the query", String::new(), 401),
    ] {
        let query = if what.ends_with("query") { format!("?token={token}&access_token={token}") } else { String::new() };
        let heard = say(house.address, format!("GET /engines/fake/containers/json{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"));
        let seen = engine.take();
        if heard.statuses() != [status] || !seen.is_empty() {
            wrong.push(format!("{what}: expected {status}, got {:?}, the engine saw {seen:?}", heard.statuses()));
        }
    }
    report(&wrong);
}

/// What an engine must not be able to tell a client, or the browser it runs in.
const HARMFUL: &str = "Set-Cookie: pilothouse=mark\r\nSet-Cookie: __Host-pilothouse=mark; Path=/\r\nWWW-Authenticate: Bearer realm=\"http://evil.example/mark\"\r\n\
    Proxy-Authenticate: Basic realm=mark\r\nLocation: http://evil.example/mark\r\nContent-Location: /mark\r\nRefresh: 0; url=http://evil.example/mark\r\n\
    Link: <http://evil.example/mark>; rel=preload\r\nAccess-Control-Allow-Origin: mark\r\nAccess-Control-Allow-Credentials: mark\r\nAlt-Svc: h2=\"mark\"\r\n\
    Clear-Site-Data: \"mark\"\r\nStrict-Transport-Security: mark\r\nContent-Security-Policy: mark\r\nService-Worker-Allowed: /mark\r\nSourceMap: mark\r\n\
    X-Forwarded-For: mark\r\nX-Named: mark\r\nKeep-Alive: mark\r\nTrailer: mark\r\nVia: mark\r\nContent-Encoding: mark\r\nETag: \"mark\"\r\nSec-WebSocket-Protocol: mark\r\n\
    X-Accel-Redirect: /mark\r\nX-Sendfile: /mark\r\nPilothouse-Engine: mark\r\nConnection: x-named, content-type\r\n";

#[test]
fn nothing_but_the_answer_comes_back_from_the_engine() {
    let engine = Engine::start(|target| {
        let head = |status: &str, rest: &str| format!("HTTP/1.1 {status}\r\n{HARMFUL}Api-Version: 1.41\r\n{rest}");
        match target.split('/').nth(2) {
            Some("refused") => Act::Say(head("401 Unauthorized", "Content-Length: 2\r\n\r\n{}")),
            Some("chunks") => {
                Act::Say(head("200 OK", "Transfer-Encoding: chunked\r\n\r\n2;ext=mark\r\n{}\r\n0\r\nX-Trailer: mark\r\nSet-Cookie: a=mark\r\n\r\n"))
            }
            Some("switched") => Act::Raw(Duration::ZERO, head("101 mark", "Upgrade: tcp\r\nConnection: Upgrade\r\n\r\n{}")),
            _ => Act::Say(head("200 mark", "Content-Length: 2\r\n\r\n{}")),
        }
    });
    let house = house(&engine);
    let attach = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
    for (line, extra, status) in [
        ("GET /engines/fake/containers/plain/json", "Connection: close\r\n", 200),
        ("GET /engines/fake/containers/refused/json", "Connection: close\r\n", 401),
        ("GET /engines/fake/containers/chunks/json", "Connection: close\r\nTE: trailers\r\n", 200),
        ("GET /engines/fake/containers/chunks/logs", "Connection: close\r\nTE: trailers\r\n", 200),
        ("GET /engines/fake/containers/chunks/export", "Connection: close\r\nTE: trailers\r\n", 200),
        ("POST /engines/fake/containers/refused/attach", attach, 401),
        ("POST /engines/fake/containers/switched/attach", attach, 101),
    ] {
        let mut stream = connect(house.address);
        stream.write_all(format!("{}{extra}\r\n", begin(&house.admin, line)).as_bytes()).unwrap();
        let bytes = until(&mut stream, |bytes| find(bytes, b"{}").is_some());
        let _ = stream.shutdown(Shutdown::Write);
        let text = String::from_utf8_lossy(&[bytes, listen(&mut stream, SILENCE).0].concat()).into_owned();
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {text}");
        assert!(!text.contains("mark"), "{line}: {text}");
        assert_eq!(text.contains("api-version: 1.41\r\n"), status != 101, "{line}: {text}");
        if status == 101 {
            let head = text.split("\r\n\r\n").next().unwrap();
            let names: BTreeSet<_> = head.lines().skip(1).filter_map(|line| Some(line.split_once(':')?.0.to_owned())).collect();
            assert!(names.is_subset(&super::names(&["connection", "upgrade", "content-type", "date"])), "{text}");
        }
    }
}
