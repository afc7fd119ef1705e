//! Operations of many people in the process itself, as fast as the trail takes them: what is measured, and what is looked at in large trails.

use std::{collections::HashMap, path::Path, sync::Arc, time::Instant};

use pilothouse::{
    access::{Facts, Grant, Holder, Operation, Permission, Policy, Roles, Subject},
    audit::{Reads, Trail},
    authn::{Credential, Door, Origin, Principal},
    clock::now_ms,
    store::Store,
};

/// Operations at the same time, as from so many clients.
pub const AT_ONCE: usize = 256;

/// How many operations a second went through, and how long each waited for its intent to be on disk, in ms, sorted.
pub struct Load {
    pub rate: f64,
    pub waits: Vec<f64>,
}

/// `many` operations from [`AT_ONCE`] clients, which ask the trails in turn.
pub async fn load(trails: &[Trail], many: usize) -> Load {
    let people = Arc::new(people());
    let begun = Instant::now();
    let clients = (0..AT_ONCE).map(|n| tokio::spawn(operate(trails[n % trails.len()].clone(), people.clone(), n, many)));
    let mut waits = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        waits.extend(client.await.expect("it is done"));
    }
    let rate = many as f64 / begun.elapsed().as_secs_f64();
    waits.sort_by(f64::total_cmp);
    Load { rate, waits }
}

/// A hundred people who may do everything, at ten engines.
fn people() -> (Policy, Vec<Principal>) {
    let roles = Roles::with([]);
    let names: Vec<String> = (0..100).map(|n| format!("person-{n}")).collect();
    let role = roles.named("admin").expect("it is built in").clone();
    let grant = |name: &String| Grant {
        id: format!("grant-{name}"),
        holder: Holder::User(name.clone()),
        role: role.clone(),
        scope: "all".parse().expect("it is a scope"),
        until: None,
    };
    let grants = names.iter().map(grant).collect();
    let users = names.iter().map(|name| (name.clone(), true)).collect();
    let policy = Policy::new(Facts { users, members: Vec::new(), grants, roles, engines: HashMap::new(), registries: HashMap::new() });
    let person = |(n, name): (usize, &String)| Principal {
        subject: Subject::of(name),
        credential: Credential::Session(format!("session-{name}").into()),
        origin: Origin { door: Door::Engine, address: format!("10.0.0.{}", n % 250).into(), client: "Docker-Client/28.2.2 (linux)".into() },
    };
    let people = names.iter().enumerate().map(person).collect();
    (policy, people)
}

/// One client's share of the operations, one after the other; answers with how long each intent took, in ms.
async fn operate(trail: Trail, people: Arc<(Policy, Vec<Principal>)>, client: usize, many: usize) -> Vec<f64> {
    use pilothouse::audit::Ending;
    const KINDS: [(&str, Permission); 4] = [
        ("ContainerStart", Permission::ContainerStart),
        ("ContainerStop", Permission::ContainerStop),
        ("ContainerCreate", Permission::ContainerCreate),
        ("ContainerExec", Permission::ContainerExec),
    ];
    let (policy, people) = &*people;
    let mut waits = Vec::new();
    for n in (client..many).step_by(AT_ONCE) {
        let (who, (name, permission)) = (&people[n % people.len()], KINDS[n % KINDS.len()]);
        let operation = Operation::on_engine(name, permission, &format!("engine-{}", n % 10), format!("container-{:06x}", n % 50_000));
        let permit = policy.decide(&who.subject, operation, now_ms()).expect("they may");
        let begun = Instant::now();
        let entry = trail.begin(who, &permit).await.expect("it is written");
        waits.push(begun.elapsed().as_secs_f64() * 1e3);
        entry.finish(if n % 97 == 0 { Ending::denied(403) } else { Ending::ok(204).bytes(100, 2_000) });
    }
    waits
}

/// Writes `many` records of operations to the database in a data folder that no house uses.
pub fn fill(data: &Path, many: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&data.join("pilothouse.db")).await.unwrap();
        let (trail, writer) = pilothouse::audit::open(store.clone(), Reads::All, 1).await.unwrap();
        load(std::slice::from_ref(&trail), many).await;
        drop(trail);
        writer.await.unwrap();
        store.close().await;
    });
}
