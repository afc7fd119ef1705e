//! The audit trail: what is written, and that it proves what was done.

mod alerts;
mod chain;
mod changes;
mod clocks;
mod coverage;
mod export;
mod find;
pub mod forward;
mod keep;
mod secrets;
mod simulate;
mod tamper;

use pilothouse_tests::sandbox::{Behaviour, House, Recorder};
use serde_json::json;

const DONE: &str = "HTTP/1.1 204 No Content\r\n\r\n";

/// A house with some work behind it: a start for each of `things`, somebody new, a refusal, and a sign-in that failed.
fn house_with_work(things: usize) -> (House, Recorder) {
    let recorder = Recorder::start(Behaviour::Say(DONE));
    let house = House::start(&[("fake", recorder.url.clone())]);
    let ana = house.user("ana", "viewer", "all");
    work(&house, 0..things);
    assert_eq!(house.send(&ana, "POST", "/engines/fake/containers/x/start", "").status, 403);
    assert_eq!(house.post_as(&[], "/api/v1/session", json!({ "username": "ana", "password": "wrong" })).status, 401);
    (house, recorder)
}

fn work(house: &House, things: std::ops::Range<usize>) {
    for n in things {
        assert_eq!(house.send(&house.admin, "POST", &format!("/engines/fake/containers/c{n}/start"), "").status, 204);
    }
}
