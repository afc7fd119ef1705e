//! What a plan must never hold, tried on made-up registries of two thousand tags.

use super::*;

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

const NOW: i64 = 1_800_000_000_000;

fn digest(n: u64) -> String {
    format!("sha256:{n:064x}")
}

/// A registry of one repository: 2,000 tags over 300 digests, indexes among them, signatures, what runs, what nobody knows the age of.
fn registry(seed: u64) -> Facts {
    let mut dice = Dice(seed);
    let mut repository = Repository { name: "team/app".to_owned(), ..Repository::default() };
    for n in 0..300 {
        let mut manifest = Manifest { config: Some(digest(10_000 + n)), ..Manifest::default() };
        if !dice.one_in(30) {
            manifest.created_at = Some(NOW - DAY_MS * i64::try_from(dice.below(400)).unwrap());
        }
        if dice.one_in(10) {
            // An index, of images that have tags of their own and of some that have none.
            manifest.config = None;
            manifest.needs = (0..2).map(|_| digest(dice.below(400))).filter(|need| *need != digest(n)).collect();
        } else if dice.one_in(12) {
            manifest.subject = Some(digest(dice.below(400))).filter(|subject| *subject != digest(n));
        }
        if dice.one_in(20) {
            manifest.pulled_at = Some(NOW - DAY_MS * i64::try_from(dice.below(60)).unwrap());
        }
        repository.manifests.insert(digest(n), manifest);
    }
    for n in 300..400 {
        repository.manifests.insert(digest(n), Manifest { config: Some(digest(10_000 + n)), ..Manifest::default() });
    }
    for n in 0..2_000 {
        let name = match dice.below(40) {
            0 => format!("keep-{n}"),
            1 => format!("sha256-{:064x}.sig{n}", dice.below(300)),
            _ => format!("v{n}"),
        };
        let tag = Tag { digest: digest(dice.below(300)), pulled_at: None, pushed_at: None, immutable: dice.one_in(400) };
        repository.tags.insert(name, tag);
    }
    // Engines know images by their manifest, by their config, or by an index.
    let running = (0..12).map(|_| digest(dice.below(400) + if dice.one_in(2) { 10_000 } else { 0 })).collect();
    Facts { now: NOW, problems: Vec::new(), pulls_since: Some(NOW - 90 * DAY_MS), running, repositories: vec![repository] }
}

fn keep() -> Keep {
    Keep { newest: Some(200), patterns: vec!["keep-*".to_owned()], younger_days: Some(30), pulled_days: Some(20) }
}

/// Everything below `digest` in the graph of indexes, with itself.
fn below(repository: &Repository, digest: &str) -> BTreeSet<String> {
    let (mut left, mut seen) = (vec![digest.to_owned()], BTreeSet::new());
    while let Some(digest) = left.pop() {
        if seen.insert(digest.clone()) {
            left.extend(repository.manifests.get(&digest).into_iter().flat_map(|manifest| manifest.needs.clone()));
        }
    }
    seen
}

fn is_running(facts: &Facts, repository: &Repository, digest: &str) -> bool {
    below(repository, digest).iter().any(|digest| {
        let config = repository.manifests.get(digest).and_then(|manifest| manifest.config.as_ref());
        facts.running.contains(digest) || config.is_some_and(|config| facts.running.contains(config))
    })
}

#[test]
fn nothing_goes_that_runs_is_kept_by_another_tag_or_is_needed_by_what_stays() {
    let mut gone = 0;
    for seed in 0..25 {
        let facts = registry(seed);
        let repository = &facts.repositories[0];
        let items = plan(&keep(), &facts);
        assert_eq!(items.len(), repository.tags.len(), "every tag has its line");
        let going: BTreeSet<&str> = items.iter().filter(|item| item.goes).map(|item| item.digest.as_str()).collect();
        for item in &items {
            assert_eq!(item.goes, going.contains(item.digest.as_str()), "{item:?}: a digest goes with all of its tags, or stays with all");
            let kept = item.tag.starts_with("keep-") || repository.tags[&item.tag].immutable;
            assert!(!item.goes || !kept, "{item:?}");
        }
        for digest in &going {
            assert!(!is_running(&facts, repository, digest), "{digest} runs");
            let manifest = &repository.manifests[*digest];
            assert!(manifest.pulled_at.is_none_or(|at| at < NOW - 20 * DAY_MS), "{digest} was pulled lately");
            if manifest.subject.is_none() {
                let by_name = items.iter().filter(|item| item.digest == *digest).all(|item| item.tag.starts_with("sha256-"));
                assert!(by_name || manifest.created_at.is_some_and(|at| at < NOW - 30 * DAY_MS), "{digest} is young, or of no age");
            } else {
                assert!(going.contains(manifest.subject.as_deref().unwrap()), "{digest} goes before what it speaks of");
            }
        }
        // What stays with a tag, and what runs without one, needs nothing that goes.
        let stays = repository.tags.values().map(|tag| tag.digest.as_str()).filter(|digest| !going.contains(digest));
        let runs = repository.manifests.keys().map(String::as_str).filter(|digest| is_running(&facts, repository, digest));
        for digest in stays.chain(runs) {
            for needed in below(repository, digest) {
                assert!(!going.contains(needed.as_str()), "{needed} goes, and {digest} needs it");
            }
        }
        gone += going.len();
    }
    assert!(gone > 500, "only {gone} digests go at all: this proves little");
}

#[test]
fn the_newest_are_counted_by_tags_and_the_trail_goes_before_what_images_say() {
    let mut repository = Repository { name: "a".to_owned(), ..Repository::default() };
    for n in 0..10_u64 {
        let created_at = Some(NOW - DAY_MS * i64::try_from(n).unwrap());
        repository.manifests.insert(digest(n), Manifest { created_at, ..Manifest::default() });
        repository.tags.insert(format!("v{n}"), Tag { digest: digest(n), ..Tag::default() });
    }
    // One says that it is from next year; the trail saw when it was pushed.
    repository.manifests.get_mut(&digest(9)).unwrap().created_at = Some(NOW + 365 * DAY_MS);
    repository.tags.get_mut("v9").unwrap().pushed_at = Some(NOW - 50 * DAY_MS);
    let facts = Facts { now: NOW, repositories: vec![repository], ..Facts::default() };
    let goes = |keep: &Keep| plan(keep, &facts).into_iter().filter(|item| item.goes).map(|item| item.tag).collect::<Vec<_>>();
    let newest = |newest| Keep { newest: Some(newest), ..Keep::default() };
    assert_eq!(goes(&newest(7)), ["v7", "v8", "v9"]);
    assert_eq!(goes(&newest(9)), ["v9"]);
    assert_eq!(goes(&newest(u32::MAX)), Vec::<String>::new());
    assert_eq!(goes(&Keep { younger_days: Some(7), ..Keep::default() }), ["v8", "v9"]);
    // Without a trail nobody knows what was pulled: then all stay.
    assert_eq!(goes(&Keep { pulled_days: Some(1), ..Keep::default() }), Vec::<String>::new());
}

#[test]
fn where_something_was_not_read_nothing_goes() {
    let mut facts = registry(3);
    assert!(plan(&keep(), &facts).iter().any(|item| item.goes));
    facts.problems.push("Engine a did not answer.".to_owned());
    assert!(plan(&keep(), &facts).iter().all(|item| !item.goes));
    let mut facts = registry(3);
    facts.repositories[0].manifests.clear();
    assert!(plan(&Keep::default(), &facts).iter().all(|item| !item.goes), "what was not read stays");
}

#[test]
fn a_signature_goes_with_its_image_and_not_before() {
    let mut repository = Repository { name: "a".to_owned(), ..Repository::default() };
    let mut add = |tag: &str, n: u64, days: i64, subject: Option<u64>| {
        let manifest = Manifest { created_at: Some(NOW - days * DAY_MS), subject: subject.map(digest), ..Manifest::default() };
        repository.manifests.insert(digest(n), manifest);
        repository.tags.insert(tag.to_owned(), Tag { digest: digest(n), ..Tag::default() });
    };
    add("new", 1, 1, None);
    add("old", 2, 100, None);
    add(&format!("sha256-{:064x}.sig", 1), 3, 100, None);
    add(&format!("sha256-{:064x}.sig", 2), 4, 1, None);
    add("sbom-new", 5, 100, Some(1));
    add("sbom-old", 6, 1, Some(2));
    add("of-the-sbom", 7, 1, Some(6));
    add("of-nothing", 8, 100, Some(99));
    // Two that say they speak of each other.
    add(&format!("sha256-{:064x}", 10), 9, 100, None);
    add(&format!("sha256-{:064x}", 9), 10, 100, None);
    let facts = Facts { now: NOW, repositories: vec![repository], ..Facts::default() };
    let going = plan(&Keep { newest: Some(1), ..Keep::default() }, &facts);
    let going: Vec<u64> = going.iter().filter(|item| item.goes).map(|item| u64::from_str_radix(&item.digest[7..], 16).unwrap()).collect();
    assert_eq!(going.into_iter().collect::<BTreeSet<_>>(), BTreeSet::from([2, 4, 6, 7]));
}

#[test]
fn what_manifests_name_is_counted_once_each() {
    let index = Manifest { needs: [digest(1), digest(1), digest(2)].into(), ..Manifest::default() };
    let image = Manifest { config: Some(digest(3)), subject: Some(digest(1)), ..Manifest::default() };
    let repository = Repository { manifests: [(digest(4), index), (digest(5), image)].into(), ..Repository::default() };
    assert_eq!(repository.names(), 4 * digest(1).len());
}
