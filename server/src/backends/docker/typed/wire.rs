//! Docker's answers, as far as they are looked at. Docker writes `null` where it means "none": so does every field here.

use std::{collections::BTreeMap, fmt, marker::PhantomData, ops::Deref};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};

/// `null` and an absent field are both the default.
fn lenient<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

macro_rules! wire {
    ($($(#[$meta:meta])* $name:ident { $($field:ident $key:literal $kind:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(default)]
        pub struct $name { $(#[serde(rename = $key, deserialize_with = "lenient")] pub $field: $kind,)* }
    )*};
}

/// How much of a thing's labels is kept, in bytes; and how much of a command.
const LABELS_KEPT: usize = 16 * 1024;
const COMMAND_KEPT: usize = 1024;
/// How many items of a list are taken.
const MOST_ITEMS: usize = 100_000;

/// A thing's labels, up to a size: whoever makes a container could else fill the memory with them. Those that say whose it is are kept in
/// any case.
#[derive(Clone, Debug, Default)]
pub struct Labels(pub BTreeMap<String, String>);

impl Deref for Labels {
    type Target = BTreeMap<String, String>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Labels;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("labels")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Labels, A::Error> {
                let (mut kept, mut left) = (BTreeMap::new(), LABELS_KEPT);
                while let Some((key, value)) = entries.next_entry::<String, String>()? {
                    let size = key.len() + value.len();
                    if size <= left {
                        left -= size;
                        kept.insert(key, value);
                    } else if super::super::belongings::LABELS.contains(&key.as_str()) && size <= LABELS_KEPT {
                        kept.insert(key, value);
                    }
                }
                Ok(Labels(kept))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// The items of a list, up to a number: an item of two bytes becomes one of hundreds here. `null` is none.
#[derive(Clone, Debug)]
pub struct Many<T>(pub Vec<T>);

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
            type Value = Many<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_unit<E>(self) -> Result<Many<T>, E> {
                Ok(Many::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut source: A) -> Result<Many<T>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = source.next_element()? {
                    if items.len() == MOST_ITEMS {
                        return Err(A::Error::custom("the list is endless"));
                    }
                    items.push(item);
                }
                Ok(Many(items))
            }
        }
        deserializer.deserialize_any(Items(PhantomData))
    }
}

/// A command as it is shown in a list: its beginning.
#[derive(Clone, Debug, Default)]
pub struct Command(pub String);

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut text = String::deserialize(deserializer)?;
        text.truncate(text.floor_char_boundary(COMMAND_KEPT));
        text.shrink_to_fit();
        Ok(Self(text))
    }
}

wire! {
    /// What an engine says of its build.
    Version {
        version "Version" String,
        api "ApiVersion" String,
        api_min "MinAPIVersion" String,
        os "Os" String,
        arch "Arch" String,
        kernel "KernelVersion" String,
    }
    /// What an engine says of its machine and of what it keeps.
    Info {
        os "OperatingSystem" String,
        cpus "NCPU" i64,
        memory "MemTotal" i64,
        containers "Containers" i64,
        running "ContainersRunning" i64,
        paused "ContainersPaused" i64,
        stopped "ContainersStopped" i64,
        images "Images" i64,
        storage "Driver" String,
        swarm "Swarm" InfoSwarm,
    }
    InfoSwarm { state "LocalNodeState" String, }

    /// A container in a list.
    Listed {
        id "Id" String,
        names "Names" Vec<String>,
        image "Image" String,
        image_id "ImageID" String,
        command "Command" Command,
        created "Created" i64,
        state "State" String,
        status "Status" String,
        labels "Labels" Labels,
        ports "Ports" Vec<ListedPort>,
        networks "NetworkSettings" ListedNetworks,
        mounts "Mounts" Vec<MountPoint>,
    }
    ListedPort { address "IP" Option<String>, private "PrivatePort" u16, public "PublicPort" Option<u16>, protocol "Type" String, }
    ListedNetworks { by_name "Networks" BTreeMap<String, Endpoint>, }
    Endpoint { id "NetworkID" String, address "IPAddress" String, prefix "IPPrefixLen" i64, aliases "Aliases" Vec<String>, }
    MountPoint { kind "Type" String, name "Name" String, source "Source" String, destination "Destination" String, writable "RW" bool, }

    /// A container, inspected.
    Inspected {
        id "Id" String,
        state "State" InspectedState,
        restarts "RestartCount" i64,
        config "Config" InspectedConfig,
        host "HostConfig" InspectedHost,
        mounts "Mounts" Vec<MountPoint>,
        networks "NetworkSettings" ListedNetworks,
    }
    InspectedState { status "Status" String, started "StartedAt" String, finished "FinishedAt" String, exit_code "ExitCode" i64, }
    InspectedConfig { tty "Tty" bool, env "Env" Vec<String>, stop_timeout "StopTimeout" Option<i64>, }
    InspectedHost { restart "RestartPolicy" RestartPolicy, }
    RestartPolicy { name "Name" String, tries "MaximumRetryCount" i64, }
    /// As much of an inspected container as its log needs.
    Named { name "Name" String, config "Config" InspectedConfig, }

    /// As much of a container as tells whose it is.
    Belonging { id "Id" String, name "Name" String, image "Image" String, config "Config" Labelled, state "State" InspectedState, mounts "Mounts" Vec<MountPoint>, }
    Labelled { labels "Labels" Labels, image "Image" String, }
    /// A service, a secret or a config.
    InSwarm { id "ID" String, spec "Spec" SwarmSpec, }
    SwarmSpec { name "Name" String, labels "Labels" Labels, }
    ExecOf { id "ID" String, container "ContainerID" String, }
    TaskOf { id "ID" String, service "ServiceID" String, }

    Created { id "Id" String, warnings "Warnings" Vec<String>, }
    Top { titles "Titles" Vec<String>, processes "Processes" Vec<Vec<String>>, }
    Changed { path "Path" String, kind "Kind" u8, }

    ListedImage {
        id "Id" String,
        tags "RepoTags" Vec<String>,
        digests "RepoDigests" Vec<String>,
        created "Created" i64,
        size "Size" i64,
        labels "Labels" Labels,
    }
    InspectedImage {
        id "Id" String,
        tags "RepoTags" Vec<String>,
        digests "RepoDigests" Vec<String>,
        created "Created" String,
        size "Size" i64,
        os "Os" String,
        architecture "Architecture" String,
        config "Config" ImageConfig,
    }
    ImageConfig {
        command "Cmd" Vec<String>,
        entrypoint "Entrypoint" Vec<String>,
        env "Env" Vec<String>,
        exposed "ExposedPorts" BTreeMap<String, serde::de::IgnoredAny>,
        volumes "Volumes" BTreeMap<String, serde::de::IgnoredAny>,
        labels "Labels" Labels,
    }
    HistoryItem { created "Created" i64, created_by "CreatedBy" String, size "Size" i64, comment "Comment" String, tags "Tags" Vec<String>, }

    VolumeList { volumes "Volumes" Many<ListedVolume>, }
    ListedVolume {
        name "Name" String,
        driver "Driver" String,
        mountpoint "Mountpoint" String,
        created "CreatedAt" String,
        labels "Labels" Labels,
    }

    ListedNetwork {
        id "Id" String,
        name "Name" String,
        driver "Driver" String,
        scope "Scope" String,
        internal "Internal" bool,
        created "Created" String,
        ipam "IPAM" Ipam,
        labels "Labels" Labels,
        members "Containers" BTreeMap<String, NetworkMember>,
    }
    Ipam { config "Config" Vec<IpamPool>, }
    IpamPool { subnet "Subnet" String, }
    NetworkMember { name "Name" String, ipv4 "IPv4Address" String, ipv6 "IPv6Address" String, }

    EventLine { kind "Type" String, action "Action" String, actor "Actor" Actor, time "time" i64, time_nano "timeNano" i64, }
    Actor { id "ID" String, attributes "Attributes" Labels, }

    PullLine {
        id "id" Option<String>,
        status "status" String,
        detail "progressDetail" PullDetail,
        error "error" Option<String>,
    }
    FoundImage { name "name" String, description "description" String, stars "star_count" i64, official "is_official" bool, }
    PullDetail { current "current" Option<i64>, total "total" Option<i64>, }

    Exec { exit_code "ExitCode" Option<i64>, running "Running" bool, }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_is_none_and_strange_fields_are_passed_over() {
        let listed: Listed =
            serde_json::from_str(r#"{"Id":"a","Labels":null,"Ports":null,"State":"dreaming","NetworkSettings":null,"Mounts":null,"New":{"x":[1]}}"#)
                .unwrap();
        assert_eq!((listed.id.as_str(), listed.state.as_str()), ("a", "dreaming"));
        assert!(listed.labels.is_empty() && listed.networks.by_name.is_empty());
    }
}
