//! What is mounted: by `Binds`, by `Mounts`, by a volume that is a mount itself.

use serde_json::Value;

use super::{
    super::workload::{HostPath, Remote, Workload},
    is_set, is_something, items, keys, text, texts,
};

/// `source:target[:mode]`; without a source, a volume that gets a name of its own.
pub fn binds(workload: &mut Workload, list: &Value) {
    for bind in texts(list) {
        if bind.contains('\\') {
            // As Windows writes paths; none of them is known here.
            workload.host_paths.push(HostPath { path: bind, read_only: false, shared: false });
            continue;
        }
        let mut parts = bind.split(':');
        let (Some(source), Some(_)) = (parts.next(), parts.next()) else { continue };
        let mode = parts.next().unwrap_or_default();
        let has = |wanted: &[&str]| mode.split(',').any(|word| wanted.contains(&word));
        source_of(workload, source, has(&["ro"]), has(&["shared", "rshared"]));
    }
}

/// What comes first is a place of the host's, or the name of a volume.
fn source_of(workload: &mut Workload, source: &str, read_only: bool, shared: bool) {
    let is_name = source.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-')) && !source.starts_with('.');
    if is_name && !source.is_empty() {
        workload.volumes.insert(source.to_owned());
    } else {
        workload.host_paths.push(HostPath { path: source.to_owned(), read_only, shared });
    }
}

/// The `Mounts` of containers and of services.
pub fn mounts(workload: &mut Workload, list: &Value) {
    for mount in items(list) {
        let (kind, source) = (text(&mount["Type"]), text(&mount["Source"]));
        match kind.as_str() {
            "tmpfs" => {}
            "image" => workload.images.push(source),
            "bind" | "npipe" => {
                let propagation = text(&mount["BindOptions"]["Propagation"]);
                let shared = matches!(propagation.as_str(), "shared" | "rshared");
                workload.host_paths.push(HostPath { path: source, read_only: mount["ReadOnly"] == true, shared });
            }
            "volume" => {
                if !source.is_empty() {
                    source_of(workload, &source, mount["ReadOnly"] == true, false);
                }
                let driver = &mount["VolumeOptions"]["DriverConfig"];
                volume(workload, &text(&driver["Name"]), &driver["Options"]);
            }
            "cluster" => workload.remotes.push(Remote::Driver("cluster".to_owned())),
            _ => workload.remotes.push(Remote::FileSystem(kind)),
        }
    }
}

/// The anonymous volumes of an image or a container. One with a colon in it some engines took for a bind.
pub fn anonymous(workload: &mut Workload, volumes: &Value) {
    let odd: Vec<Value> = keys(volumes).filter(|key| key.contains(':')).map(|key| Value::from(key.as_str())).collect();
    binds(workload, &Value::from(odd));
}

/// A volume by its driver and options. The local driver does with `type`, `o` and `device` what mount(8) does.
pub fn volume(workload: &mut Workload, driver: &str, options: &Value) {
    if !matches!(driver, "" | "local") {
        workload.remotes.push(Remote::Driver(driver.to_owned()));
        return;
    }
    let (kind, device, given) = (text(&options["type"]), text(&options["device"]), text(&options["o"]));
    let has = |wanted: &[&str]| given.split(',').any(|word| wanted.contains(&word.trim()));
    if has(&["bind", "rbind"]) {
        // Whatever its type says: the kernel asks for a bind first.
        workload.host_paths.push(HostPath { path: device, read_only: has(&["ro"]), shared: has(&["shared", "rshared"]) });
    } else if kind == "tmpfs" {
    } else if !matches!(kind.as_str(), "" | "none") {
        workload.remotes.push(Remote::FileSystem(kind));
    } else if is_something(&options["device"]) {
        workload.host_paths.push(HostPath { path: device, read_only: has(&["ro"]), shared: false });
    } else if given.split(',').any(is_path_option) {
        workload.remotes.push(Remote::FileSystem(given));
    }
}

/// `lowerdir=/etc`, and the like.
fn is_path_option(word: &str) -> bool {
    word.split_once('=').is_some_and(|(_, value)| value.contains('/'))
}

/// The mounts of a container that is there, as the engine shows them: what a workload takes over by `VolumesFrom`.
pub fn taken_over(workload: &mut Workload, inspected: &Value) {
    for mount in items(&inspected["Mounts"]) {
        match text(&mount["Type"]).as_str() {
            "volume" => {
                workload.volumes.insert(text(&mount["Name"]));
                let driver = text(&mount["Driver"]);
                volume(workload, &driver, &Value::Null);
            }
            "tmpfs" => {}
            "image" => {}
            _ => {
                let shared = matches!(text(&mount["Propagation"]).as_str(), "shared" | "rshared");
                workload.host_paths.push(HostPath { path: text(&mount["Source"]), read_only: !is_set(&mount["RW"]), shared });
            }
        }
    }
}
