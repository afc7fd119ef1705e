//! Paths and settings in other spellings than their own.

use super::*;

/// What a spelling of a path may come to.
enum Comes {
    /// To nothing: this status, and the engine sees nothing.
    Refused(u16),
    /// To this, and to nothing else, whatever it was spelt like.
    To(&'static str),
}

#[test]
fn every_spelling_of_a_path_is_refused_or_made_canonical() {
    use Comes::{Refused, To};
    let engine = Engine::echo();
    let house = house(&engine);
    let mut wrong = Vec::new();
    let table = [
        // The version.
        ("/engines/fake/containers/json", To("/containers/json")),
        ("/engines/fake/v1.44/containers/json", To("/v1.44/containers/json")),
        ("/engines/fake/v01.44/containers/json", Refused(400)),
        ("/engines/fake/v1.044/containers/json", Refused(400)),
        ("/engines/fake/v1..44/containers/json", Refused(400)),
        ("/engines/fake/v1.44./containers/json", Refused(400)),
        ("/engines/fake/v1.44.0/containers/json", Refused(400)),
        ("/engines/fake/v1.44/v1.45/containers/json", Refused(403)),
        ("/engines/fake/V1.44/containers/json", Refused(400)),
        ("/engines/fake/v99.9/containers/json", Refused(400)),
        ("/engines/fake/v1/containers/json", Refused(400)),
        ("/engines/fake/v.1/containers/json", Refused(400)),
        ("/engines/fake/v1.4a/containers/json", Refused(400)),
        ("/engines/fake/v1.+4/containers/json", Refused(400)),
        ("/engines/fake/v1.4444/containers/json", Refused(400)),
        ("/engines/fake/v1%2E44/containers/json", Refused(400)),
        ("/engines/fake/v1.44%2Fcontainers/json", Refused(400)),
        ("/engines/fake/v1.44", Refused(400)),
        ("/engines/fake/v1.44/", Refused(400)),
        // The path.
        ("/engines/fake/containers/%6ason", Refused(400)),
        ("/engines/fake/%63ontainers/json", Refused(400)),
        ("/engines/fake/containers%2Fjson", Refused(400)),
        ("/engines/fake/containers%2fjson", Refused(400)),
        ("/engines/fake/containers%252Fjson", Refused(400)),
        ("/engines/fake//containers/json", Refused(400)),
        ("/engines/fake/containers//json", Refused(400)),
        ("/engines/fake/./containers/json", Refused(400)),
        ("/engines/fake/containers/./json", Refused(400)),
        ("/engines/fake/../containers/json", Refused(400)),
        ("/engines/fake/images/../containers/json", Refused(400)),
        ("/engines/fake/images/..;/containers/json", Refused(400)),
        ("/engines/fake/images/%2e%2e/containers/json", Refused(400)),
        ("/engines/fake/images/%252e%252e/containers/json", Refused(400)),
        ("/engines/fake/images/.%2e/containers/json", Refused(400)),
        ("/engines/fake/images/x/../../containers/json", Refused(400)),
        ("/engines/fake/containers\\json", Refused(400)),
        ("/engines/fake/containers/json;x=1", Refused(400)),
        ("/engines/fake/containers;x=1/json", Refused(400)),
        ("/engines/fake/containers/json/", Refused(400)),
        ("/engines/fake/containers/json%20", Refused(400)),
        ("/engines/fake/containers/json%00", Refused(400)),
        ("/engines/fake/containers/json%0a", Refused(400)),
        ("/engines/fake/containers/json%0d%0aX:%20y", Refused(400)),
        ("/engines/fake/containers/json%zz", Refused(400)),
        ("/engines/fake/containers/json%", Refused(400)),
        ("/engines/fake/containers/json%3Fall=1", Refused(400)),
        ("/engines/fake/containers/json%23", Refused(400)),
        ("/engines/fake/containers/js\u{f6}n", Refused(400)),
        ("/engines/fake/containers/\u{ff0e}\u{ff0e}/json", Refused(400)),
        ("/engines/fake/containers/{id}/json", Refused(400)),
        ("/engines/fake/containers/\"a\"/json", Refused(400)),
        ("/engines/fake/containers/*/json", Refused(400)),
        ("/engines/fake/containers/~a/json", Refused(400)),
        ("/engines/fake/containers/-a/json", Refused(403)),
        ("/engines/fake/containers/a:b/json", Refused(403)),
        ("/engines/fake/Containers/json", Refused(403)),
        ("/engines/fake/containers/JSON", Refused(403)),
        ("/engines/fake/nope", Refused(403)),
        ("/engines/fake/", Refused(400)),
        ("/engines/fake", Refused(400)),
        ("/engines/fake/debug/pprof/", Refused(403)),
        ("/engines/fake/engines/none/containers/json", Refused(403)),
        ("/engines/fake/api/v1/me", Refused(403)),
        // The engine's name.
        ("/engines/", Refused(400)),
        ("/engines//containers/json", Refused(400)),
        ("/engines/%66ake/containers/json", Refused(400)),
        ("/engines/FAKE/containers/json", Refused(400)),
        ("/engines/fake%2Fcontainers/json", Refused(400)),
        ("/engines/./fake/containers/json", Refused(400)),
        ("/engines/../engines/fake/containers/json", Refused(400)),
        ("/engines/none/containers/json", Refused(404)),
        ("/Engines/fake/containers/json", Refused(404)),
        ("//engines/fake/containers/json", Refused(404)),
        ("/./engines/fake/containers/json", Refused(404)),
        ("/x/../engines/fake/containers/json", Refused(404)),
        ("/%65ngines/fake/containers/json", Refused(404)),
        ("/engines%2Ffake/containers/json", Refused(404)),
        ("/api/../engines/fake/containers/json", Refused(404)),
        ("/api/v1/engines/fake/../../../../engines/fake/containers/json", Refused(404)),
        ("/containers/json", Refused(404)),
        ("/v1.44/containers/json", Refused(404)),
        // The form of the target.
        ("http://x/engines/fake/containers/json", Refused(400)),
        ("http://other/engines/fake/containers/json", Refused(400)),
        ("https://x/engines/fake/containers/json", Refused(400)),
        ("ftp://x/engines/fake/containers/json", Refused(400)),
        ("file:///engines/fake/containers/json", Refused(400)),
        ("x:80", Refused(400)),
        ("*", Refused(400)),
        ("engines/fake/containers/json", Refused(400)),
        ("?/engines/fake/containers/json", Refused(400)),
        // The query.
        ("/engines/fake/containers/json?", To("/containers/json")),
        ("/engines/fake/containers/json?all=%31", To("/containers/json?all=1")),
        ("/engines/fake/containers/json?%61ll=1&&", To("/containers/json?all=1")),
        ("/engines/fake/containers/json?all", To("/containers/json?all=")),
        ("/engines/fake/containers/json?all=1+1", To("/containers/json?all=1%201")),
        ("/engines/fake/containers/json?filters=%7b\"a\":1}", Refused(400)),
        ("/engines/fake/containers/json?all=1%0d%0aX:y", To("/containers/json?all=1%0D%0AX%3Ay")),
        ("/engines/fake/containers/json?all=1%26limit=2", To("/containers/json?all=1%26limit%3D2")),
        ("/engines/fake/containers/json?all=1?limit=2", To("/containers/json?all=1%3Flimit%3D2")),
        ("/engines/fake/containers/json?all=%2", Refused(400)),
        ("/engines/fake/containers/json?all=%zz", Refused(400)),
        ("/engines/fake/containers/json?all=%00", Refused(400)),
        ("/engines/fake/containers/json?all=%ff", Refused(400)),
        ("/engines/fake/containers/json?all=%c0%ae", Refused(400)),
        ("/engines/fake/containers/json?all=1&all=0", Refused(400)),
        ("/engines/fake/containers/json?all=1&%61ll=0", Refused(400)),
        ("/engines/fake/containers/json?All=1", Refused(400)),
        ("/engines/fake/containers/json?all%00=1", Refused(400)),
        ("/engines/fake/containers/json?all=1;limit=2", Refused(400)),
        ("/engines/fake/containers/json?all=1%3Blimit=2", To("/containers/json?all=1%3Blimit%3D2")),
        ("/engines/fake/containers/json?nope=1", Refused(400)),
        ("/engines/fake/containers/json?=1", Refused(400)),
        ("/engines/fake/images/get?names=a&names=b", To("/images/get?names=a&names=b")),
    ];
    let ask =
        |target: &str, extra: &str| say(house.address, format!("{}{extra}Connection: close\r\n\r\n", begin(&house.admin, &format!("GET {target}"))));
    let mut check = |what: &str, heard: &Heard, comes: &Comes| {
        let seen: Vec<_> = engine.take().iter().map(|asked| asked.first_line().to_owned()).collect();
        let (status, lines) = match comes {
            Refused(status) => (*status, vec![]),
            To(target) => (200, vec![format!("GET {target} HTTP/1.1")]),
        };
        if heard.statuses() != [status] || seen != lines {
            wrong.push(format!("{what}: expected {status} and {lines:?}; got {:?} and the engine saw {seen:?}", heard.statuses()));
        }
    };
    for (target, comes) in &table {
        check(target, &ask(target, ""), comes);
        // The same behind the header that names the engine: there the path begins at the root.
        if let Some(path) = target.strip_prefix("/engines/fake/").filter(|path| !path.starts_with("engines/")) {
            check(&format!("/{path} by header"), &ask(&format!("/{path}"), "Pilothouse-Engine: fake\r\n"), comes);
        }
    }
    // A fragment is never sent by a client that knows what it is.
    let heard = ask("/engines/fake/containers/json#/../x", "");
    let seen: Vec<_> = engine.take().iter().map(|asked| asked.first_line().to_owned()).collect();
    let fits = match heard.statuses()[..] {
        [400] => seen.is_empty(),
        [200] => seen == ["GET /containers/json HTTP/1.1"],
        _ => false,
    };
    assert!(fits, "{heard:?}, {seen:?}");
    report(&wrong);
}

/// G12: Docker reads some settings from a form in the body too, and takes the first or the last of two.
#[test]
fn a_setting_that_comes_twice_or_by_another_way_is_refused() {
    let engine = Engine::echo();
    let house = house(&engine);
    let mut wrong = Vec::new();
    let pull = "POST /engines/fake/images/create?fromImage=a";
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    for (what, line, media, body, status) in [
        ("twice", "POST /engines/fake/images/create?fromImage=a&fromImage=b".to_owned(), "", "", 400),
        ("twice, once escaped", format!("{pull}&from%49mage=b"), "", "", 400),
        ("behind a semicolon", format!("{pull};fromImage=b"), "", "", 400),
        ("in another case", format!("{pull}&FromImage=b"), "", "", 400),
        ("in a form", pull.to_owned(), form, "fromImage=b", 415),
        (
            "in a form that says how it is written",
            pull.to_owned(),
            "Content-Type: Application/X-WWW-Form-URLEncoded; charset=utf-8\r\n",
            "fromImage=b",
            415,
        ),
        ("in a form of parts", pull.to_owned(), "Content-Type: multipart/form-data; boundary=b\r\n", "--b--", 415),
        ("in a form on a start", "POST /engines/fake/containers/x/start".to_owned(), form, "detachKeys=b", 400),
        ("in a form on a create", CREATE.to_owned(), form, "name=b", 400),
    ] {
        let request = format!("{}{media}Connection: close\r\nContent-Length: {}\r\n\r\n{body}", begin(&house.admin, &line), body.len());
        let heard = say(house.address, request);
        let seen = engine.take();
        if heard.statuses() != [status] || !seen.is_empty() {
            wrong.push(format!("{what}: expected {status}, got {:?}, the engine saw {seen:?}", heard.statuses()));
        }
    }
    report(&wrong);
    // Whatever media type the client says, the engine is told the one that it cannot take for a form.
    let request = format!("{}Content-Type: text/html\r\nConnection: close\r\nContent-Length: 3\r\n\r\na=b", begin(&house.admin, pull));
    assert_eq!(say(house.address, request).statuses(), [200]);
    let seen = engine.take();
    assert_eq!(value(&seen[0].head, "content-type"), Some("text/plain"), "{seen:?}");
}
