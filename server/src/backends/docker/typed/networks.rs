//! Networks: looked at, made, connected, removed.

use std::{collections::BTreeMap, net::IpAddr};

use http::Method;
use pilothouse_app::api::{
    Problem,
    networks::{Member, Network, NetworkDetail, NetworkInput},
};
use serde_json::{Value, json};

use super::{
    super::{Engine, EngineError, belongings::settle},
    bad,
    call::{self, CHANGE, REMOVE},
    check_labels, containers, millis,
    names::{ContainerId, NetworkId},
    project, wire,
};
use crate::access::{Permit, Thing};

pub async fn list(engine: &Engine, permit: &Permit) -> Result<Vec<Network>, EngineError> {
    let mut networks = call::list::<wire::Many<wire::ListedNetwork>>(engine, permit, "/networks").await?.0;
    networks.retain(|network| permit.reach().includes(project(&network.labels).as_deref()));
    let users = Users::of(containers::listed(engine, permit).await?);
    Ok(networks.into_iter().map(|network| shown(network, &users)).collect())
}

pub async fn get(engine: &Engine, permit: &Permit, id: &NetworkId) -> Result<NetworkDetail, EngineError> {
    let mut network: wire::ListedNetwork = call::read(engine, permit, &path(id, "")).await?;
    network.members.retain(|id, _| engine.reaches(permit, Thing::Container, id));
    let users = Users::of(containers::listed(engine, permit).await?);
    let members = members(std::mem::take(&mut network.members));
    Ok(NetworkDetail { summary: shown(network, &users), members })
}

/// The body that makes the network.
///
/// # Errors
/// A problem that names the field that is wrong.
pub fn plan(input: &NetworkInput) -> Result<Value, Problem> {
    let name = NetworkId::of_field("name", &input.name)?;
    check_labels(&input.labels)?;
    let driver = match input.driver.as_deref() {
        None | Some("") => "bridge",
        // A plugin's name may hold what an image's may.
        Some(driver) => {
            super::names::ImageRef::of_field("driver", driver).map_err(|_| bad("driver", "There is no such network driver.")).map(|_| driver)?
        }
    };
    let pools = match input.subnet.as_deref() {
        None | Some("") => json!([]),
        Some(subnet) if is_subnet(subnet) => json!([{ "Subnet": subnet }]),
        Some(_) => return Err(bad("subnet", "A subnet is written like 172.28.0.0/16.")),
    };
    Ok(json!({
        "Name": name.as_str(), "CheckDuplicate": true, "Driver": driver, "Internal": input.internal,
        "IPAM": { "Driver": "default", "Config": pools }, "Labels": input.labels,
    }))
}

/// Makes a network of a [`plan`].
pub async fn create(engine: &Engine, permit: &Permit, plan: &mut Value) -> Result<Network, EngineError> {
    settle(engine, permit, &mut [], Some(plan)).await?;
    let created: wire::Created = call::create(engine, permit, "/networks/create", plan).await?;
    let id = NetworkId::parse(&created.id).map_err(|_| call::unreadable())?;
    let network: wire::ListedNetwork = call::read(engine, permit, &path(&id, "")).await?;
    Ok(shown(network, &Users::default()))
}

pub async fn connect(engine: &Engine, permit: &Permit, id: &NetworkId, container: &ContainerId) -> Result<(), EngineError> {
    let body = json!({ "Container": container.as_str() });
    call::act(engine, permit, Method::POST, &path(id, "/connect"), Some(&body), CHANGE).await
}

pub async fn disconnect(engine: &Engine, permit: &Permit, id: &NetworkId, container: &ContainerId) -> Result<(), EngineError> {
    let body = json!({ "Container": container.as_str() });
    call::act(engine, permit, Method::POST, &path(id, "/disconnect"), Some(&body), CHANGE).await
}

pub async fn remove(engine: &Engine, permit: &Permit, id: &NetworkId) -> Result<(), EngineError> {
    call::act(engine, permit, Method::DELETE, &path(id, ""), None, REMOVE).await
}

fn path(id: &NetworkId, rest: &str) -> String {
    format!("/networks/{}{rest}", id.as_str())
}

fn is_subnet(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else { return false };
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let most = if address.is_ipv4() { 32 } else { 128 };
    bits.bytes().all(|b| b.is_ascii_digit()) && bits.parse::<u8>().is_ok_and(|bits| (1..=most).contains(&bits))
}

/// The names of the containers on each network. A container that never ran knows its networks by name only.
#[derive(Default)]
struct Users {
    by_id: BTreeMap<String, Vec<String>>,
    by_name: BTreeMap<String, Vec<String>>,
}

impl Users {
    fn of(containers: Vec<wire::Listed>) -> Self {
        let mut users = Self::default();
        for container in containers {
            let user = containers::name(&container.names, &container.id);
            for (name, endpoint) in container.networks.by_name {
                let (place, key) = if endpoint.id.is_empty() { (&mut users.by_name, name) } else { (&mut users.by_id, endpoint.id) };
                place.entry(key).or_default().push(user.clone());
            }
        }
        users
    }

    fn on(&self, network: &wire::ListedNetwork) -> Vec<String> {
        let by_id = self.by_id.get(&network.id).into_iter().flatten();
        let mut names: Vec<String> = by_id.chain(self.by_name.get(&network.name).into_iter().flatten()).cloned().collect();
        names.sort();
        names.dedup();
        names
    }
}

fn shown(listed: wire::ListedNetwork, users: &Users) -> Network {
    Network {
        used_by: users.on(&listed),
        builtin: matches!(listed.name.as_str(), "bridge" | "host" | "none"),
        created_at: millis(&listed.created),
        subnets: listed.ipam.config.into_iter().map(|pool| pool.subnet).filter(|subnet| !subnet.is_empty()).collect(),
        project: project(&listed.labels),
        id: listed.id,
        name: listed.name,
        driver: listed.driver,
        scope: listed.scope,
        internal: listed.internal,
        labels: listed.labels.0,
    }
}

fn members(by_id: BTreeMap<String, wire::NetworkMember>) -> Vec<Member> {
    let mut members: Vec<Member> = by_id
        .into_iter()
        .map(|(container, member)| {
            let address = if member.ipv4.is_empty() { member.ipv6 } else { member.ipv4 };
            // Docker writes it with the size of the network: 172.17.0.2/16.
            let address = address.split('/').next().unwrap_or_default().to_owned();
            Member { container, name: member.name, address }
        })
        .collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_knows_who_is_on_it() {
        let containers: Vec<wire::Listed> = serde_json::from_value(json!([
            {"Id": "c1", "Names": ["/b"], "NetworkSettings": {"Networks": {"front": {"NetworkID": "n1"}}}},
            {"Id": "c2", "Names": ["/a"], "NetworkSettings": {"Networks": {"front": {"NetworkID": ""}, "back": {"NetworkID": "n2"}}}}
        ]))
        .unwrap();
        let listed =
            serde_json::from_value(json!({"Id": "n1", "Name": "front", "Driver": "bridge", "Scope": "local", "Created": "2026-01-01T00:00:00Z",
            "IPAM": {"Config": [{"Subnet": "10.0.0.0/24"}]}, "Labels": null}))
            .unwrap();
        let network = shown(listed, &Users::of(containers));
        assert_eq!(network.used_by, ["a", "b"]);
        assert_eq!(network.subnets, ["10.0.0.0/24"]);
        assert!(!network.builtin);
    }

    #[test]
    fn members_have_plain_addresses() {
        let by_id = serde_json::from_value(json!({"c1": {"Name": "x", "IPv4Address": "172.17.0.2/16"}})).unwrap();
        assert_eq!(members(by_id)[0].address, "172.17.0.2");
    }

    #[test]
    fn a_plan_names_the_field_that_is_wrong() {
        let input = |name: &str, driver: Option<&str>, subnet: Option<&str>| NetworkInput {
            name: name.into(),
            driver: driver.map(str::to_owned),
            internal: true,
            subnet: subnet.map(str::to_owned),
            labels: BTreeMap::new(),
        };
        let body = plan(&input("front", None, Some("172.28.0.0/16"))).unwrap();
        assert_eq!((body["Driver"].as_str(), body["IPAM"]["Config"][0]["Subnet"].as_str()), (Some("bridge"), Some("172.28.0.0/16")));
        for (field, input) in [
            ("name", input("a/b", None, None)),
            ("driver", input("front", Some("x y"), None)),
            ("subnet", input("front", None, Some("172.28.0.0"))),
            ("subnet", input("front", None, Some("172.28.0.0/33"))),
            ("subnet", input("front", None, Some("x/16"))),
        ] {
            assert_eq!(plan(&input).unwrap_err().field.as_deref(), Some(field));
        }
    }
}
