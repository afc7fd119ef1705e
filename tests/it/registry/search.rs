//! Images by words: each finds what they may pull, and who does not answer is named.

use pilothouse_tests::{
    registry::{Client, house, registry},
    sandbox::{Behaviour, House, Recorder},
};
use serde_json::Value;

/// Docker Hub as an engine tells of it.
const HUB: &str = concat!(
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 197\r\nConnection: close\r\n\r\n",
    r#"[{"name":"nginx","description":"A web server","star_count":20000,"is_official":true,"is_automated":false},"#,
    r#"{"name":"../odd","description":"","star_count":0,"is_official":false,"is_automated":false}]"#
);

fn found(house: &House, token: &str, words: &str) -> Value {
    let answer = house.get(token, &format!("/api/v1/search/images?words={words}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn images(found: &Value) -> Vec<&str> {
    found["items"].as_array().unwrap().iter().map(|item| item["image"].as_str().unwrap()).collect()
}

/// Who was silent, and why.
fn silent(found: &Value) -> Vec<(Option<&str>, &str)> {
    found["silent"].as_array().unwrap().iter().map(|source| (source["registry"].as_str(), source["why"].as_str().unwrap())).collect()
}

#[test]
fn each_finds_what_they_may_pull_and_nothing_of_the_others() {
    let admin = Client::admin(house());
    for repository in ["found-a/shop-web", "found-a/shop/api", "found-b/shop-web", "found-ab/shop-web"] {
        admin.push(&format!("reg/{repository}"), "1", "a layer that is found");
    }
    let user = |name: &str, prefix: &str| house().user(name, "viewer", &format!("registry/reg/repository/{prefix}"));
    let (ana, ben) = (user("found-ana", "found-a"), user("found-ben", "found-b"));
    let name = |repository: &str| format!("{}/reg/{repository}", house().address);
    let of_ana = found(house(), &ana, "shop");
    assert_eq!(images(&of_ana), [name("found-a/shop-web"), name("found-a/shop/api")]);
    assert_eq!((&of_ana["items"][0]["registry"], &of_ana["items"][0]["repository"]), (&"reg".into(), &"found-a/shop-web".into()));
    assert_eq!(images(&found(house(), &ben, "shop")), [name("found-b/shop-web")]);
    // Every word has to be there, in any spelling and any order.
    assert_eq!(images(&found(house(), &ana, "WEB%20shop")), [name("found-a/shop-web")]);
    assert!(images(&found(house(), &ana, "shop%20nothing")).is_empty());
    // Docker Hub was not asked, and that is said.
    let hub = silent(&of_ana);
    assert!(matches!(hub.as_slice(), [(None, why)] if why.contains("none that you may search with")), "{hub:?}");
    for words in ["", "%20", &"x".repeat(101), "a%0Ab"] {
        assert_eq!(house().get(&ana, &format!("/api/v1/search/images?words={words}")).status, 400, "{words}");
    }
}

#[test]
fn what_does_not_answer_is_named_and_the_rest_is_shown() {
    let settings =
        format!("[[registries]]\nname = \"reg\"\nurl = \"{}\"\n[[registries]]\nname = \"gone\"\nurl = \"http://127.0.0.1:1\"\n", registry().url);
    let hub = Recorder::start(Behaviour::Say(HUB));
    let engines = [("dead", "tcp+plain://127.0.0.1:1".to_owned()), ("fake", hub.url.clone())];
    let house = House::with_settings(&engines, &settings);
    Client::admin(&house).push("reg/named/nginx", "1", "a layer of nginx");
    let all = house.get(&house.admin, "/api/v1/search/images?words=named%2Fnginx&engine=dead").json();
    assert_eq!(images(&all).len(), 1, "{all}");
    let why = silent(&all);
    assert!(why.iter().any(|(registry, why)| *registry == Some("gone") && why.contains("cannot be reached")), "{why:?}");
    assert!(why.iter().any(|(registry, why)| registry.is_none() && why.starts_with("Engine dead could not ask it.")), "{why:?}");
    // With an engine that answers, Docker Hub's are behind the registries' own; what nobody could run is not among them.
    let all = house.get(&house.admin, "/api/v1/search/images?words=nginx&engine=fake").json();
    let last = all["items"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["image"], &last["stars"], &last["official"]), (&"nginx".into(), &20000.into(), &true.into()), "{all}");
    assert!(hub.seen().contains("/images/search?term=nginx&limit=25"), "{}", hub.seen());
    // An engine asks whatever host the words name: that is nobody's to say.
    let seen = hub.seen().len();
    let all = house.get(&house.admin, "/api/v1/search/images?words=evil.example%2Fx&engine=fake").json();
    assert!(silent(&all).iter().any(|(registry, why)| registry.is_none() && why.contains("not for addresses")), "{all}");
    assert_eq!(hub.seen().len(), seen);
    // Who may pull from the one registry alone is not told of the other; and a viewer searches with no engine.
    let vic = house.user("vic", "viewer", "registry/reg");
    let of_vic = house.get(&vic, "/api/v1/search/images?words=nginx&engine=fake").json();
    assert_eq!(silent(&of_vic).iter().map(|(registry, _)| *registry).collect::<Vec<_>>(), [None], "{of_vic}");
    assert_eq!(hub.seen().len(), seen);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let records = house.audit("");
    let hub = |outcome: &str| records.iter().any(|record| record["operation"] == "HubSearch" && record["outcome"] == outcome);
    assert!(hub("ok") && hub("failed") && hub("denied"), "{records:?}");
}
