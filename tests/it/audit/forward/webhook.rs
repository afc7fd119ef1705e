//! By webhook: signed, in order, retried, and nothing lost.

use std::time::{Duration, Instant};

use pilothouse_tests::{
    receiver::{Got, Mood, Receiver},
    sandbox::House,
};
use ring::hmac;

use super::{checkpoints, file, house, in_order, length, pieces, seq, standing, until, verified, work};

const SECRET: &str = "the secret of the webhook";

fn settings(receiver: &Receiver, more: &str) -> String {
    format!("{more}\nwebhook = {{ url = \"{}\", secret_file = \"{}\" }}", receiver.url("/hooks/hidden?key=hidden"), file(&format!("{SECRET}\n")))
}

fn signed(got: &Got) {
    signed_with(got, SECRET);
}

/// Checks the signature as a receiver would, and when it was made.
pub fn signed_with(got: &Got, secret: &str) {
    let header = got.header("pilothouse-signature").unwrap();
    let (t, v1) = header.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let signature = data_encoding::HEXLOWER.decode(v1.as_bytes()).unwrap();
    hmac::verify(&key, format!("{t}.{}", got.body).as_bytes(), &signature).expect("the signature is right");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(t.parse::<u64>().unwrap().abs_diff(now) < 120, "signed at {t}");
}

/// The last entry that it has taken.
fn last(receiver: &Receiver) -> i64 {
    let pieces = pieces(receiver);
    let entries = pieces.iter().flat_map(|piece| piece.body.lines()).filter(|line| line.starts_with("{\"entry\""));
    entries.filter_map(seq).max().unwrap_or(0)
}

fn all_arrives(house: &House, receiver: &Receiver) {
    until("all has arrived", 100, || last(receiver) == length(house));
}

#[test]
fn nothing_is_lost_or_out_of_order_whatever_receiver_and_house_go_through() {
    let mut receiver = Receiver::start();
    let (mut house, _recorder) = house(&settings(&receiver, "from = \"beginning\""));
    work(&house, 0..20);
    all_arrives(&house, &receiver);
    // It is away while much happens, and the house ends as by the power switch.
    receiver.stop();
    work(&house, 20..320);
    house.crash();
    work(&house, 320..420);
    until("it is known to be away", 20, || standing(&house)["error"].as_str().is_some_and(|error| error.contains("cannot be reached")));
    assert!(standing(&house)["behind"].as_i64().unwrap() > 700, "{}", standing(&house));
    // It comes back ill.
    receiver.mood(Mood::Say(500, "no"));
    receiver.start_again();
    until("it was asked and failed", 70, || receiver.got().iter().filter(|got| !got.taken).count() >= 1);
    receiver.mood(Mood::Say(302, "elsewhere"));
    let count = |taken: bool| receiver.got().iter().filter(|got| got.taken == taken).count();
    let before = count(false);
    house.crash();
    until("it led elsewhere", 20, || count(false) > before);
    // It takes a piece, and nobody is told.
    receiver.mood(Mood::Forget);
    let before = count(true);
    house.crash();
    until("it took something in secret", 20, || count(true) > before);
    house.crash();
    work(&house, 420..440);
    receiver.mood(Mood::Say(200, "{}"));
    all_arrives(&house, &receiver);
    house.stop();
    house.start_again();
    until("the last checkpoint has arrived", 20, || {
        let pieces = pieces(&receiver);
        pieces.iter().flat_map(|piece| piece.body.lines()).filter(|line| line.starts_with("{\"checkpoint\"")).count() as i64 == checkpoints(&house)
    });
    all_arrives(&house, &receiver);

    for got in receiver.got() {
        signed(&got);
        assert_eq!((got.method.as_str(), got.path.as_str()), ("POST", "/hooks/hidden?key=hidden"));
        assert_eq!(got.header("content-type"), Some("application/x-ndjson"));
        assert_eq!((got.header("cookie"), got.header("authorization")), (None, None));
        assert!(got.body.lines().count() <= 201 && got.body.ends_with('\n'), "{} lines", got.body.lines().count());
    }
    let pieces = pieces(&receiver);
    let came_twice = receiver.got().iter().filter(|got| got.taken).count() - pieces.len();
    assert!(came_twice >= 1, "what was taken in secret comes again, by the same name");
    for piece in &pieces {
        let (first, last) = (piece.body.lines().find_map(seq).unwrap(), piece.body.lines().filter_map(seq).next_back().unwrap());
        let kind = if piece.body.starts_with("{\"checkpoint\"") { "checkpoints" } else { "1" };
        assert_eq!(piece.header("pilothouse-delivery").unwrap(), format!("siem/{kind}/{first}/{last}"));
    }
    let lines: Vec<&str> = pieces.iter().flat_map(|piece| piece.body.lines()).collect();
    let end = in_order(&lines, 1);
    assert!(end > 850, "only {end} entries");
    let verdict = verified(&lines);
    assert!(verdict.is_whole(), "{verdict:?}");
    let log = house.log();
    assert!(!log.contains(SECRET) && !log.contains("hidden"), "a secret is in the log: {log}");
}

#[test]
fn a_receiver_that_hangs_or_wants_nothing_more_holds_up_nobody() {
    let receiver = Receiver::start();
    let (mut house, _recorder) = house(&settings(&receiver, ""));
    work(&house, 0..5);
    all_arrives(&house, &receiver);
    receiver.mood(Mood::Hang);
    let begun = Instant::now();
    work(&house, 5..105);
    assert!(begun.elapsed() < Duration::from_secs(10), "the house waits for the receiver");
    until("it is known to hang", 30, || standing(&house)["error"].as_str().is_some_and(|error| error.contains("did not answer within 10 s")));
    receiver.mood(Mood::Say(410, ""));
    until("it wants nothing more", 40, || standing(&house)["stopped"] == true);
    let asked = receiver.got().len();
    assert!(house.log().contains("NOT forwarded any more until the next start"), "{}", house.log());
    work(&house, 105..110);
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(receiver.got().len(), asked, "it is asked no more");
    let stands = standing(&house);
    assert!(stands["behind"].as_i64().unwrap() > 10, "{stands}");
    assert!(!stands.to_string().contains("hidden") && !stands.to_string().contains(SECRET), "{stands}");
    assert_eq!((&stands["kind"], &stands["address"]), (&"webhook".into(), &format!("http://127.0.0.1:{}", receiver.port).into()));
    // After the next start it is asked again, and nothing was lost.
    receiver.mood(Mood::Say(200, ""));
    house.stop();
    house.start_again();
    all_arrives(&house, &receiver);
    assert_eq!(standing(&house)["stopped"], false);
}

#[test]
fn a_place_that_is_new_begins_where_it_is_told_and_can_be_verified_from_there() {
    let receiver = Receiver::start();
    let (mut house, _recorder) = house("from = \"beginning\"\nsyslog = { address = \"127.0.0.1:1\", transport = \"tcp\" }");
    work(&house, 0..30);
    let before = length(&house);
    let more = format!("[[audit.forward]]\nname = \"later\"\n{}\n", settings(&receiver, ""));
    house.change_settings(&format!(
        "{more}[[audit.forward]]\nname = \"proofs\"\n{}\n",
        settings(&receiver, "what = \"checkpoints\"\nfrom = \"beginning\"")
    ));
    work(&house, 30..60);
    until("all has arrived", 30, || {
        let later = receiver
            .got()
            .iter()
            .filter(|got| got.header("pilothouse-delivery").unwrap().starts_with("later/1/"))
            .map(|got| got.body.clone())
            .collect::<String>();
        later.lines().filter(|line| line.starts_with("{\"entry\"")).filter_map(seq).max() == Some(length(&house))
    });
    let all = pieces(&receiver);
    let of = |name: &str| -> Vec<String> {
        let pieces = all.iter().filter(|piece| piece.header("pilothouse-delivery").unwrap().starts_with(name));
        pieces.flat_map(|piece| piece.body.lines().map(str::to_owned)).collect()
    };
    let later = of("later/");
    let lines: Vec<&str> = later.iter().map(String::as_str).collect();
    // What the settings say anew is written at the start: the checkpoint over it may come before anything else does, and names the place's beginning.
    let begins = lines.iter().position(|line| line.starts_with("{\"before\"")).expect("it says where it begins");
    let begun: serde_json::Value = serde_json::from_str(lines[begins]).unwrap();
    for line in &lines[..begins] {
        let checkpoint: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(checkpoint["checkpoint"]["heads"][0]["seq"], begun["before"]["seq"], "{line}");
    }
    assert_eq!(lines.iter().filter(|line| line.starts_with("{\"before\"")).count(), 1);
    let first = lines.iter().find(|line| line.starts_with("{\"entry\"")).and_then(|line| seq(line)).unwrap();
    assert!(first > before, "{first} is from before");
    in_order(&lines, first);
    let verdict = verified(&lines);
    assert!(verdict.is_whole(), "{verdict:?}");
    let proofs = of("proofs/");
    assert_eq!(proofs.iter().filter_map(|line| seq(line)).next(), Some(1), "from the first: {proofs:?}");
    assert!(proofs.iter().all(|line| line.starts_with("{\"checkpoint\"")), "{proofs:?}");
}
