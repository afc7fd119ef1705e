use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::*;
use crate::access::{Facts, Grant, Holder, Owner, Policy, Role, Roles, Thing};

const NOW: i64 = 1_000_000;

fn grant(id: &str, holder: Holder, role: &str, scope: &str) -> Grant {
    Grant { id: id.to_owned(), holder, role: Roles::with([]).named(role).unwrap().clone(), scope: scope.parse().unwrap(), until: None }
}

fn user(name: &str) -> Holder {
    Holder::User(name.to_owned())
}

fn policy_of(grants: Vec<Grant>, members: &[(&str, &str)]) -> Policy {
    let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect::<BTreeMap<_, _>>();
    Policy::new(Facts {
        users: ["ana", "vic", "nil", "dev", "pat", "lab", "eve", "two"]
            .map(|name| (name.to_owned(), true))
            .into_iter()
            .chain([("off".to_owned(), false)])
            .collect(),
        members: members.iter().map(|(team, user)| (team.to_string(), user.to_string())).collect(),
        grants,
        roles: Roles::with([]),
        engines: HashMap::from([("a".to_owned(), labels(&[("env", "prod")])), ("b".to_owned(), labels(&[("env", "test")]))]),
        registries: HashMap::from([("hub".to_owned(), labels(&[("env", "prod")]))]),
    })
}

fn policy() -> Policy {
    policy_of(
        vec![
            grant("g-ana", user("ana"), "admin", "all"),
            grant("g-vic", user("vic"), "viewer", "engine/a"),
            grant("g-gone", user("gone"), "admin", "all"),
            grant("g-off", user("off"), "admin", "all"),
            grant("g-team", Holder::Team("shop".to_owned()), "deployer", "engine/a/project/shop"),
            grant("g-lab", user("lab"), "operator", "env=prod"),
            grant("g-two", user("two"), "viewer", "engine/a/project/shop"),
            grant("g-too", user("two"), "deployer", "engine/a/project/blog"),
        ],
        &[("shop", "dev"), ("shop", "gone"), ("other", "vic")],
    )
}

fn decide(user: &str, operation: Operation) -> Result<Permit, Denied> {
    policy().decide(&Subject::of(user), operation, NOW)
}

fn ask(user: &str, permission: Permission, target: Target) -> Result<Permit, Denied> {
    decide(user, Operation::new("Test", permission, target, ""))
}

fn engine(name: &str) -> Target {
    Target::Engine(name.to_owned())
}

/// One container of these projects.
fn one(permission: Permission, projects: &[&str]) -> Operation {
    let mut operation = Operation::on_engine("Test", permission, "a", "x");
    operation.owner = Some(Owner { id: "1".to_owned(), projects: projects.iter().map(|name| (*name).into()).collect() });
    operation
}

#[test]
fn an_admin_may_do_everything() {
    for permission in Permission::ALL {
        assert!(ask("ana", *permission, engine("a")).is_ok(), "{permission}");
    }
}

#[test]
fn a_viewer_looks_and_nothing_else() {
    for permission in Permission::ALL {
        let allowed = ask("vic", *permission, engine("a")).is_ok();
        let is_worth = permission.kind() == Kind::Own || permission.kind() == Kind::View && permission.is_engine();
        assert_eq!(allowed, is_worth, "{permission}");
    }
    assert!(!ask("vic", Permission::ContainerInspect, engine("a")).unwrap().shows_environment());
    assert!(ask("ana", Permission::ContainerInspect, engine("a")).unwrap().shows_environment());
}

#[test]
fn an_engine_out_of_scope_is_invisible_and_one_in_scope_is_not() {
    assert_eq!(ask("vic", Permission::ContainerList, engine("b")).unwrap_err().hides, Hides::Target);
    assert_eq!(ask("vic", Permission::ContainerStart, engine("a")).unwrap_err().hides, Hides::Nothing);
    assert_eq!(ask("vic", Permission::EngineDelete, engine("b")).unwrap_err().hides, Hides::Target);
    assert_eq!(ask("vic", Permission::EngineCreate, engine("new")).unwrap_err().hides, Hides::Nothing);
}

#[test]
fn a_grant_of_a_user_who_may_not_act_is_worth_nothing() {
    assert!(ask("gone", Permission::ContainerList, engine("a")).is_err());
    assert!(ask("off", Permission::ContainerList, engine("a")).is_err());
    assert!(ask("nil", Permission::ContainerList, engine("a")).is_err());
}

#[test]
fn a_label_takes_in_the_engines_that_have_it() {
    assert!(ask("lab", Permission::ContainerStart, engine("a")).is_ok());
    assert_eq!(ask("lab", Permission::ContainerStart, engine("b")).unwrap_err().hides, Hides::Target);
    assert_eq!(ask("lab", Permission::ContainerStart, engine("new")).unwrap_err().hides, Hides::Target);
    assert!(ask("lab", Permission::UserList, Target::System).is_err());
}

#[test]
fn a_team_gives_its_members_what_it_holds() {
    let permit = decide("dev", one(Permission::ContainerStart, &["shop"])).unwrap();
    assert_eq!(permit.reason(), "deployer on engine/a/project/shop, through team shop (g-team)");
    assert_eq!(permit.grant().unwrap().id, "g-team");
    assert!(decide("vic", one(Permission::ContainerStart, &["shop"])).is_err());
}

#[test]
fn a_right_on_a_project_reaches_what_belongs_to_it_and_no_more() {
    let permit = decide("dev", one(Permission::ContainerStop, &["shop"])).unwrap();
    assert!(permit.reach().includes(Some("shop")) && !permit.reach().includes(Some("blog")) && !permit.reach().includes(None));
    for foreign in [&["blog"][..], &[]] {
        assert_eq!(decide("dev", one(Permission::ContainerStop, foreign)).unwrap_err().hides, Hides::Object, "{foreign:?}");
    }
    // Several projects share an image.
    assert!(decide("dev", one(Permission::ImageInspect, &["blog", "shop"])).is_ok());
    // Nobody has looked whose it is: that is nobody's.
    assert_eq!(decide("dev", Operation::on_engine("Test", Permission::ContainerStop, "a", "x")).unwrap_err().hides, Hides::Object);
    // A right that the role has not, on one's own thing, is told.
    assert_eq!(decide("two", one(Permission::ContainerStop, &["shop"])).unwrap_err().hides, Hides::Nothing);
}

#[test]
fn a_list_is_cut_to_the_projects_that_one_may_list() {
    let list = |permission| decide("two", Operation::on_engine("Test", permission, "a", ""));
    let names = |permit: Permit| permit.reach().projects().unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(list(Permission::ContainerList).unwrap()), ["blog", "shop"]);
    assert_eq!(names(list(Permission::ContainerCreate).unwrap()), ["blog"]);
    assert!(!list(Permission::ServiceList).unwrap().shows_environment(), "one of the two projects hides them");
}

#[test]
fn what_reaches_the_whole_engine_is_not_for_a_project() {
    for permission in [Permission::ImageBuild, Permission::BuildkitSession, Permission::PluginList, Permission::NodeList, Permission::SwarmInspect] {
        let denied = ask("dev", permission, engine("a")).unwrap_err();
        assert_eq!(denied.hides, Hides::Nothing, "{permission}");
    }
    let build = ask("dev", Permission::ImageBuild, engine("a")).unwrap_err();
    assert!(build.reason.contains("reaches the whole engine"), "{}", build.reason);
}

#[test]
fn an_owner_is_looked_up_only_for_whom_it_matters() {
    let depends = |user: &str, operation: &Operation| policy().depends_on_owner(&Subject::of(user), operation, NOW);
    let stop = Operation::on_engine("Test", Permission::ContainerStop, "a", "x");
    assert!(depends("dev", &stop) && depends("two", &stop));
    assert!(!depends("ana", &stop) && !depends("vic", &stop) && !depends("nil", &stop) && !depends("gone", &stop));
    assert!(!depends("dev", &Operation::on_engine("Test", Permission::ContainerList, "a", "")));
}

#[test]
fn a_bound_credential_reaches_its_engine_only() {
    let subject = Subject { bound_to: Some("a".into()), ..Subject::of("ana") };
    let ask = |target| policy().decide(&subject, Operation::new("Test", Permission::ContainerList, target, ""), NOW);
    assert!(ask(engine("a")).is_ok());
    assert!(ask(engine("b")).is_err());
    assert!(ask(Target::System).is_err());
}

#[test]
fn a_right_on_one_engine_does_not_say_where_it_is() {
    let policy = policy_of(vec![grant("g", user("eve"), "admin", "engine/a"), grant("h", user("ana"), "admin", "all")], &[]);
    let ask = |user: &str, bound: Option<&str>, permission| {
        let subject = Subject { bound_to: bound.map(Into::into), ..Subject::of(user) };
        policy.decide(&subject, Operation::new("Test", permission, engine("a"), ""), NOW)
    };
    for permission in Permission::ALL.iter().copied().filter(|permission| permission.is_house()) {
        assert!(ask("eve", None, permission).is_err(), "{permission}");
        assert!(ask("ana", Some("a"), permission).is_err(), "{permission}");
        assert!(ask("ana", None, permission).is_ok(), "{permission}");
    }
    assert!(ask("eve", None, Permission::ContainerCreate).is_ok());
    assert!(ask("ana", Some("a"), Permission::ContainerCreate).is_ok());
}

#[test]
fn a_grant_ends_at_its_time_and_a_longer_one_goes_on() {
    let short = Grant { until: Some(NOW + 10), ..grant("short", user("pat"), "operator", "engine/a") };
    let ask = |grants: Vec<Grant>, now| {
        policy_of(grants, &[]).decide(&Subject::of("pat"), Operation::on_engine("Test", Permission::ContainerStart, "a", "x"), now)
    };
    assert!(ask(vec![short.clone()], NOW + 9).is_ok());
    let ended = ask(vec![short.clone()], NOW + 10).unwrap_err();
    assert_eq!(ended.hides, Hides::Target, "who has nothing left sees nothing");
    let longer = Grant { until: Some(NOW + 20), ..grant("longer", user("pat"), "operator", "all") };
    assert!(ask(vec![short, longer], NOW + 15).is_ok());
}

#[test]
fn who_looks_with_anothers_rights_sees_what_they_see_and_changes_nothing() {
    let looks = |viewer: &str, user: &str, permission, target| {
        let subject = Subject { viewer: Some(viewer.into()), ..Subject::of(user) };
        policy().decide(&subject, Operation::new("Test", permission, target, ""), NOW)
    };
    assert!(looks("ana", "vic", Permission::ContainerList, engine("a")).is_ok());
    assert!(looks("ana", "vic", Permission::ContainerList, engine("b")).is_err());
    assert!(looks("vic", "ana", Permission::ContainerList, engine("a")).is_err());
    for permission in Permission::ALL.iter().copied().filter(|permission| permission.is_change()) {
        assert!(looks("ana", "ana", permission, engine("a")).is_err(), "{permission}");
    }
}

#[test]
fn nobody_gives_what_they_do_not_hold() {
    let policy = policy_of(
        vec![
            grant("h", user("ana"), "admin", "all"),
            grant("p", user("pat"), "deployer", "env=prod"),
            Grant { until: Some(NOW + 10), ..grant("e", user("eve"), "admin", "all") },
        ],
        &[],
    );
    let roles = Roles::with([]);
    let cannot =
        |user: &str, role: &str, scope: &str, until| policy.cannot_give(user, roles.named(role).unwrap(), &scope.parse().unwrap(), NOW, until);
    for scope in ["all", "env=prod", "engine/a", "engine/a/project/shop", "engine/new"] {
        assert_eq!(cannot("ana", "admin", scope, None), None, "{scope}");
    }
    for scope in ["env=prod", "env=prod,site=a", "engine/a", "engine/a/project/shop"] {
        assert_eq!(cannot("pat", "operator", scope, None), None, "{scope}");
    }
    for scope in ["all", "engine/b", "env=test", "engine/b/project/shop"] {
        assert!(cannot("pat", "operator", scope, None).is_some(), "{scope}");
    }
    assert!(cannot("pat", "admin", "engine/a", None).is_some());
    // What ends cannot be given for longer.
    assert!(cannot("eve", "viewer", "engine/a", None).is_some());
    assert!(cannot("eve", "viewer", "engine/a", Some(NOW + 11)).is_some());
    assert_eq!(cannot("eve", "viewer", "engine/a", Some(NOW + 10)), None);
}

#[test]
fn whoever_could_act_as_another_must_hold_what_they_hold() {
    let policy = policy();
    assert!(policy.beyond("ana", "vic", NOW).is_none() && policy.beyond("ana", "off", NOW).is_none() && policy.beyond("vic", "nil", NOW).is_none());
    assert_eq!(policy.beyond("vic", "ana", NOW).unwrap().id, "g-ana");
    assert_eq!(policy.beyond("vic", "dev", NOW).unwrap().id, "g-team", "by a team, too");
    assert_eq!(policy.beyond("vic", "off", NOW).unwrap().id, "g-off", "one who is disabled may be enabled");
}

#[test]
fn the_reason_names_the_grant_or_what_is_missing() {
    assert_eq!(ask("vic", Permission::ContainerList, engine("a")).unwrap().reason(), "viewer on engine/a (g-vic)");
    let denied = ask("vic", Permission::ContainerStart, engine("a")).unwrap_err();
    assert_eq!(denied.reason, "vic needs the permission engine.container.start on engine/a.");
}

/// Ten thousand grants and a thousand teams, all of them of one person.
#[test]
#[allow(clippy::print_stdout, reason = "a figure")]
fn a_decision_does_not_look_at_every_grant() {
    let role = Roles::with([]).named("deployer").unwrap().clone();
    let grants = (0..10_000).map(|n| Grant {
        id: format!("g{n}"),
        holder: Holder::Team(format!("t{}", n % 1000)),
        role: role.clone(),
        scope: format!("engine/e{}/project/p{}", n % 100, n / 100).parse().unwrap(),
        until: None,
    });
    let policy = Policy::new(Facts {
        users: vec![("ana".to_owned(), true)],
        members: (0..1000).map(|n| (format!("t{n}"), "ana".to_owned())).collect(),
        grants: grants.collect(),
        roles: Roles::with([Role { name: "own".to_owned(), summary: String::new(), permissions: Default::default(), built_in: false }]),
        engines: HashMap::new(),
        registries: HashMap::new(),
    });
    let mut operation = Operation::on_engine("Test", Permission::ContainerStart, "e7", "x");
    assert_eq!(operation.place, Place::One(Thing::Container));
    operation.owner = Some(Owner { id: "x".to_owned(), projects: vec!["p99".into()] });
    assert_eq!(policy.decide(&Subject::of("ana"), operation, NOW).unwrap().reason(), "deployer on engine/e7/project/p99, through team t907 (g9907)");
    assert_eq!(policy.grants_of("ana", NOW).count(), 10_000);
    let ask = || {
        let mut operation = Operation::on_engine("Test", Permission::ContainerStart, "e7", "x");
        operation.owner = Some(Owner { id: String::new(), projects: vec!["p99".into()] });
        policy.decide(&Subject::of("ana"), operation, NOW).is_ok()
    };
    let begun = std::time::Instant::now();
    assert!((0..20_000).all(|_| ask()));
    let each = begun.elapsed() / 20_000;
    println!("a decision among 10,000 grants and 1,000 teams, the question included: {each:?}");
    assert!(each < std::time::Duration::from_micros(20), "{each:?}");
}

fn registries() -> Policy {
    policy_of(
        vec![
            grant("g-ana", user("ana"), "admin", "all"),
            grant("g-vic", user("vic"), "viewer", "registry/hub/repository/team"),
            grant("g-dev", user("dev"), "deployer", "registry/hub/repository/team/x"),
            grant("g-two", user("two"), "viewer", "registry/hub"),
            grant("g-lab", user("lab"), "deployer", "env=prod"),
            grant("g-eve", user("eve"), "deployer", "engine/a"),
            grant("g-pat", user("pat"), "auditor", "all"),
        ],
        &[],
    )
}

fn at(user: &str, permission: Permission, repository: &str) -> Result<Permit, Denied> {
    registries().decide(&Subject::of(user), Operation::on_repository("Test", permission, "hub", repository, ""), NOW)
}

#[test]
fn a_right_on_a_prefix_ends_where_a_part_does() {
    for good in ["team", "team/x", "team/x/y"] {
        assert!(at("vic", Permission::RepositoryPull, good).is_ok(), "{good}");
    }
    for bad in ["teamx", "other", "te", "other/team"] {
        assert_eq!(at("vic", Permission::RepositoryPull, bad).unwrap_err().hides, Hides::Object, "{bad}");
    }
    assert_eq!(at("vic", Permission::RepositoryPush, "team/x").unwrap_err().hides, Hides::Nothing);
    assert!(at("dev", Permission::RepositoryPush, "team/x").is_ok() && at("dev", Permission::RepositoryDelete, "team/x").is_err());
    assert_eq!(at("dev", Permission::RepositoryPush, "team").unwrap_err().hides, Hides::Object);
    let permit = at("vic", Permission::RepositoryPull, "team/x").unwrap();
    assert!(permit.reach().includes_repository("team/x") && !permit.reach().includes_repository("team/y") && !permit.reach().includes(None));
    assert_eq!(permit.reach().projects().map(BTreeSet::len), Some(0), "of no engine");
}

#[test]
fn rules_of_a_registry_take_a_right_on_the_whole_of_it() {
    let rules = |user: &str, permission| registries().decide(&Subject::of(user), Operation::on_registry("Test", permission, "hub", ""), NOW);
    assert!(
        rules("lab", Permission::RulesView).is_ok()
            && rules("lab", Permission::RulesManage).is_err()
            && rules("ana", Permission::RulesManage).is_ok()
    );
    assert!(rules("vic", Permission::RulesView).is_err() && rules("dev", Permission::RulesView).is_err());
    // Whom Pilothouse speaks to is about Pilothouse itself.
    let one = policy_of(vec![grant("g-one", user("two"), "admin", "registry/hub")], &[]);
    let of_one = |permission| one.decide(&Subject::of("two"), Operation::on_registry("Test", permission, "hub", ""), NOW);
    assert!(of_one(Permission::RulesManage).is_ok() && of_one(Permission::HookManage).is_err() && rules("ana", Permission::HookManage).is_ok());
}

#[test]
fn a_right_on_an_engine_is_none_on_a_registry_and_the_other_way_round() {
    assert_eq!(at("eve", Permission::RepositoryPull, "team").unwrap_err().hides, Hides::Object);
    assert_eq!(at("pat", Permission::RepositoryPull, "team").unwrap_err().hides, Hides::Object);
    assert!(at("lab", Permission::RepositoryPush, "team").is_ok() && at("ana", Permission::RepositoryDelete, "team").is_ok());
    let policy = registries();
    assert!(policy.decide(&Subject::of("two"), Operation::on_engine("Test", Permission::ContainerList, "a", ""), NOW).is_err());
    let bound = Subject { bound_to: Some("a".into()), ..Subject::of("ana") };
    assert!(policy.decide(&bound, Operation::on_repository("Test", Permission::RepositoryPull, "hub", "team", ""), NOW).is_err());
    let roles = Roles::with([]);
    let deployer = roles.named("deployer").unwrap();
    let gives = |user: &str, scope: &str| policy.cannot_give(user, deployer, &scope.parse().unwrap(), NOW, None).is_none();
    assert!(gives("eve", "engine/a") && gives("lab", "registry/hub/repository/team") && gives("dev", "registry/hub/repository/team/x/y"));
    assert!(!gives("eve", "registry/hub") && !gives("dev", "registry/hub/repository/team") && !gives("vic", "registry/hub/repository/team"));
}

#[test]
fn what_a_registry_has_is_cut_to_what_one_may_see_of_it() {
    let catalog = |user: &str| {
        let mut operation = Operation::on_registry("Catalog", Permission::RepositoryPull, "hub", "");
        operation.place = Place::Catalog;
        registries().decide(&Subject::of(user), operation, NOW)
    };
    assert!(catalog("vic").unwrap().reach().includes_repository("team/x") && !catalog("vic").unwrap().reach().includes_repository("other"));
    assert!(catalog("two").unwrap().reach().includes_repository("other"));
    assert!(catalog("eve").is_err() && catalog("pat").is_err());
    for (user, hides) in [("vic", Hides::Nothing), ("eve", Hides::Target), ("pat", Hides::Nothing)] {
        let operation = Operation::on_registry("RegistryDelete", Permission::RegistryDelete, "hub", "");
        assert_eq!(registries().decide(&Subject::of(user), operation, NOW).unwrap_err().hides, hides, "{user}");
    }
}

#[test]
fn the_list_of_registries_is_for_who_sees_one() {
    let ask = |user: &str, permission| registries().decide(&Subject::of(user), Operation::on_system("Test", permission, ""), NOW);
    for user in ["ana", "vic", "dev", "two", "lab"] {
        assert!(ask(user, Permission::RegistryView).is_ok(), "{user}");
    }
    for user in ["eve", "pat"] {
        assert_eq!(ask(user, Permission::RegistryView).unwrap_err().hides, Hides::Nothing, "{user}");
    }
    assert!(ask("vic", Permission::RepositoryPull).is_err(), "a right on a repository is none on all of them");
}
