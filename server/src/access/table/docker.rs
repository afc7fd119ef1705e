//! The Docker Engine API, operation by operation: v1.24 to v1.55, and what the engine's router knows beyond its documents.
//!
//! A parameter is `{id}` (one segment, a name or id) or `{ref...}` (one or more, an image reference). A query name that
//! ends with `*` may come several times.

use super::super::{
    Permission::{self, *},
    Place::{self, *},
    Thing::*,
};

/// One operation that may be allowed.
#[derive(Debug)]
pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    pub name: &'static str,
    pub permission: Permission,
    /// What it reaches for whoever holds rights on projects alone.
    pub place: Place,
    pub query: &'static [&'static str],
    pub body: Body,
    pub reply: Reply,
}

/// What a request may carry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Body {
    /// Nothing: a body is refused. (Engines before API 1.24 read settings from the body of a start.)
    None,
    /// JSON, read in full, judged, and written anew.
    Json,
    /// Bytes of this media type, passed on as they come.
    Stream(&'static str),
}

/// How the engine answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reply {
    /// Soon.
    Prompt,
    /// Once a long task is done.
    Slow,
    /// With a stream that may last; its head comes soon.
    Stream,
    /// With a stream whose head comes once a long task is under way.
    Bulk,
    /// By turning the connection into a raw stream, if the client asks for an upgrade to this token.
    Upgrade(&'static str),
}

/// An operation that exists and is refused to everybody, and why.
pub struct Refusal {
    pub method: &'static str,
    pub path: &'static str,
    pub reason: &'static str,
}

const NONE: &[&str] = &[];
const FILTERS: &[&str] = &["filters"];
const FORCE: &[&str] = &["force"];
const SIZE: &[&str] = &["h", "w"];
const VERSION: &[&str] = &["version"];
const LOGS: &[&str] = &["follow", "stdout", "stderr", "since", "until", "timestamps", "tail", "details"];
const ATTACH: &[&str] = &["detachKeys", "logs", "stream", "stdin", "stdout", "stderr"];
const STOP: &[&str] = &["t", "signal"];
const BUILD: &[&str] = &[
    "dockerfile",
    "t*",
    "extrahosts*",
    "remote",
    "q",
    "nocache",
    "cachefrom",
    "pull",
    "rm",
    "forcerm",
    "memory",
    "memswap",
    "cpushares",
    "cpusetcpus",
    "cpusetmems",
    "cpuperiod",
    "cpuquota",
    "cgroupparent",
    "buildargs",
    "shmsize",
    "squash",
    "labels",
    "networkmode",
    "platform",
    "target",
    "outputs",
    "version",
    "session",
    "buildid",
    "ulimits",
    "isolation",
    "securityopt*",
];
const TAR: Body = Body::Stream("application/x-tar");

macro_rules! rows {
    ($($method:ident $path:literal $name:ident $permission:ident $place:expr, $query:expr, $body:expr, $reply:expr;)*) => {
        &[$(Row {
            method: stringify!($method),
            path: $path,
            name: stringify!($name),
            permission: $permission,
            place: $place,
            query: $query,
            body: $body,
            reply: $reply,
        }),*]
    };
}

/// What it takes to make an image of a file or of an address, which is asked for by the path that pulls one.
pub const IMPORT: (Permission, Place) = (Permission::ImageImport, Place::Engine);

/// What a permission lets through, for people.
pub fn lets(permission: Permission) -> Vec<String> {
    let rows = ROWS.iter().filter(|row| row.permission == permission).map(|row| format!("{} {}", row.method, row.path));
    let import = (permission == IMPORT.0).then(|| "POST /images/create (with fromSrc)".to_owned());
    rows.chain(import).collect()
}

/// Every operation that some role may be allowed.
#[rustfmt::skip]
pub const ROWS: &[Row] = rows! {
    GET    "/_ping"                          SystemPing           SystemInfo          Open,              NONE, Body::None, Reply::Prompt;
    HEAD   "/_ping"                          SystemPingHead       SystemInfo          Open,              NONE, Body::None, Reply::Prompt;
    GET    "/version"                        SystemVersion        SystemInfo          Open,              NONE, Body::None, Reply::Prompt;
    GET    "/info"                           SystemInfo           SystemInfo          Info,              NONE, Body::None, Reply::Prompt;
    GET    "/system/df"                      SystemDataUsage      SystemInfo          Usage,             &["type*", "verbose"], Body::None, Reply::Slow;
    GET    "/events"                         SystemEvents         SystemEvents        Events,            &["since", "until", "filters"], Body::None, Reply::Stream;
    POST   "/auth"                           SystemAuth           SystemLogin         Open,              NONE, Body::Json, Reply::Slow;

    GET    "/containers/json"                ContainerList        ContainerList       List(Container),   &["all", "limit", "size", "filters", "before", "since"], Body::None, Reply::Prompt;
    POST   "/containers/create"              ContainerCreate      ContainerCreate     New(Container),    &["name", "platform"], Body::Json, Reply::Slow;
    POST   "/containers/prune"               ContainerPrune       ContainerRemove     Prune(Container),  FILTERS, Body::None, Reply::Slow;
    GET    "/containers/{id}/json"           ContainerInspect     ContainerInspect    One(Container),    &["size"], Body::None, Reply::Prompt;
    GET    "/containers/{id}/top"            ContainerTop         ContainerProcesses  One(Container),    &["ps_args"], Body::None, Reply::Prompt;
    GET    "/containers/{id}/logs"           ContainerLogs        ContainerLogs       One(Container),    LOGS, Body::None, Reply::Stream;
    GET    "/containers/{id}/changes"        ContainerChanges     ContainerChanges    One(Container),    NONE, Body::None, Reply::Slow;
    GET    "/containers/{id}/export"         ContainerExport      ContainerExport     One(Container),    NONE, Body::None, Reply::Bulk;
    GET    "/containers/{id}/stats"          ContainerStats       ContainerStats      One(Container),    &["stream", "one-shot"], Body::None, Reply::Stream;
    POST   "/containers/{id}/resize"         ContainerResize      ContainerAttach     One(Container),    SIZE, Body::None, Reply::Prompt;
    POST   "/containers/{id}/start"          ContainerStart       ContainerStart      One(Container),    &["detachKeys", "checkpoint", "checkpoint-dir"], Body::None, Reply::Slow;
    POST   "/containers/{id}/stop"           ContainerStop        ContainerStop       One(Container),    STOP, Body::None, Reply::Slow;
    POST   "/containers/{id}/restart"        ContainerRestart     ContainerRestart    One(Container),    STOP, Body::None, Reply::Slow;
    POST   "/containers/{id}/kill"           ContainerKill        ContainerKill       One(Container),    &["signal"], Body::None, Reply::Slow;
    POST   "/containers/{id}/pause"          ContainerPause       ContainerPause      One(Container),    NONE, Body::None, Reply::Slow;
    POST   "/containers/{id}/unpause"        ContainerUnpause     ContainerPause      One(Container),    NONE, Body::None, Reply::Slow;
    POST   "/containers/{id}/rename"         ContainerRename      ContainerRename     One(Container),    &["name"], Body::None, Reply::Prompt;
    POST   "/containers/{id}/update"         ContainerUpdate      ContainerUpdate     One(Container),    NONE, Body::Json, Reply::Slow;
    POST   "/containers/{id}/wait"           ContainerWait        ContainerWait       One(Container),    &["condition"], Body::None, Reply::Stream;
    DELETE "/containers/{id}"                ContainerDelete      ContainerRemove     One(Container),    &["v", "force", "link"], Body::None, Reply::Slow;
    POST   "/containers/{id}/attach"         ContainerAttach      ContainerAttach     One(Container),    ATTACH, Body::None, Reply::Upgrade("tcp");
    POST   "/containers/{id}/exec"           ContainerExec        ContainerExec       One(Container),    NONE, Body::Json, Reply::Prompt;
    POST   "/exec/{id}/start"                ExecStart            ContainerExec       One(Exec),         NONE, Body::Json, Reply::Upgrade("tcp");
    POST   "/exec/{id}/resize"               ExecResize           ContainerExec       One(Exec),         SIZE, Body::None, Reply::Prompt;
    GET    "/exec/{id}/json"                 ExecInspect          ContainerExec       One(Exec),         NONE, Body::None, Reply::Prompt;
    GET    "/containers/{id}/archive"        ContainerArchive     ContainerExport     One(Container),    &["path"], Body::None, Reply::Bulk;
    HEAD   "/containers/{id}/archive"        ContainerArchiveInfo ContainerExport     One(Container),    &["path"], Body::None, Reply::Prompt;
    PUT    "/containers/{id}/archive"        PutContainerArchive  ContainerCopy       One(Container),    &["path", "noOverwriteDirNonDir", "copyUIDGID"], TAR, Reply::Bulk;
    GET    "/containers/{id}/checkpoints"    CheckpointList       ContainerCheckpoint One(Container),    &["dir"], Body::None, Reply::Prompt;
    POST   "/containers/{id}/checkpoints"    CheckpointCreate     ContainerCheckpoint One(Container),    NONE, Body::Json, Reply::Slow;
    DELETE "/containers/{id}/checkpoints/{id}" CheckpointDelete     ContainerCheckpoint One(Container),    &["dir"], Body::None, Reply::Slow;
    POST   "/commit"                         ImageCommit          ImageCommit         Engine,            &["container", "repo", "tag", "comment", "author", "pause", "changes*"], Body::Json, Reply::Slow;

    GET    "/images/json"                    ImageList            ImageList           List(Image),       &["all", "filters", "filter", "shared-size", "digests", "manifests"], Body::None, Reply::Prompt;
    GET    "/images/search"                  ImageSearch          ImageSearch         Open,              &["term", "limit", "filters"], Body::None, Reply::Slow;
    GET    "/images/get"                     ImageGetAll          ImageExport         Named(Image),      &["names*", "platform*"], Body::None, Reply::Bulk;
    POST   "/images/create"                  ImageCreate          ImagePull           New(Image),        &["fromImage", "fromSrc", "repo", "tag", "message", "changes*", "platform"], Body::Stream("text/plain"), Reply::Bulk;
    POST   "/images/load"                    ImageLoad            ImageLoad           Engine,            &["quiet", "platform*"], TAR, Reply::Bulk;
    POST   "/images/prune"                   ImagePrune           ImageRemove         Prune(Image),      FILTERS, Body::None, Reply::Slow;
    GET    "/images/{ref...}/json"           ImageInspect         ImageInspect        One(Image),        &["manifests", "platform"], Body::None, Reply::Prompt;
    GET    "/images/{ref...}/history"        ImageHistory         ImageInspect        One(Image),        &["platform"], Body::None, Reply::Prompt;
    GET    "/images/{ref...}/attestations"   ImageAttestations    ImageInspect        One(Image),        &["platform"], Body::None, Reply::Prompt;
    GET    "/images/{ref...}/get"            ImageGet             ImageExport         One(Image),        &["platform*"], Body::None, Reply::Bulk;
    POST   "/images/{ref...}/push"           ImagePush            ImagePush           One(Image),        &["tag", "platform"], Body::Stream("text/plain"), Reply::Bulk;
    POST   "/images/{ref...}/tag"            ImageTag             ImageTag            One(Image),        &["repo", "tag", "force"], Body::None, Reply::Prompt;
    DELETE "/images/{ref...}"                ImageDelete          ImageRemove         One(Image),        &["force", "noprune", "platforms*"], Body::None, Reply::Slow;
    GET    "/distribution/{ref...}/json"     DistributionInspect  ImagePull           Open,              NONE, Body::None, Reply::Slow;

    POST   "/build"                          ImageBuild           ImageBuild          Engine,            BUILD, TAR, Reply::Bulk;
    POST   "/build/prune"                    BuildPrune           ImageBuild          Prune(Image),      &["all", "filters", "keep-storage", "reserved-space", "max-used-space", "min-free-space"], Body::None, Reply::Slow;
    POST   "/build/cancel"                   BuildCancel          ImageBuild          Engine,            &["id"], Body::None, Reply::Prompt;
    POST   "/session"                        Session              BuildkitSession     Engine,            NONE, Body::None, Reply::Upgrade("h2c");
    POST   "/grpc"                           Grpc                 BuildkitSession     Engine,            NONE, Body::None, Reply::Upgrade("h2c");

    GET    "/volumes"                        VolumeList           VolumeList          List(Volume),      FILTERS, Body::None, Reply::Prompt;
    POST   "/volumes/create"                 VolumeCreate         VolumeCreate        New(Volume),       NONE, Body::Json, Reply::Slow;
    POST   "/volumes/prune"                  VolumePrune          VolumeRemove        Prune(Volume),     FILTERS, Body::None, Reply::Slow;
    GET    "/volumes/{id}"                   VolumeInspect        VolumeInspect       One(Volume),       NONE, Body::None, Reply::Prompt;
    PUT    "/volumes/{id}"                   VolumeUpdate         VolumeUpdate        One(Volume),       VERSION, Body::Json, Reply::Prompt;
    DELETE "/volumes/{id}"                   VolumeDelete         VolumeRemove        One(Volume),       FORCE, Body::None, Reply::Slow;

    GET    "/networks"                       NetworkList          NetworkList         List(Network),     FILTERS, Body::None, Reply::Prompt;
    POST   "/networks/create"                NetworkCreate        NetworkCreate       New(Network),      NONE, Body::Json, Reply::Slow;
    POST   "/networks/prune"                 NetworkPrune         NetworkRemove       Prune(Network),    FILTERS, Body::None, Reply::Slow;
    GET    "/networks/{id}"                  NetworkInspect       NetworkInspect      One(Network),      &["verbose", "scope"], Body::None, Reply::Prompt;
    DELETE "/networks/{id}"                  NetworkDelete        NetworkRemove       One(Network),      NONE, Body::None, Reply::Slow;
    POST   "/networks/{id}/connect"          NetworkConnect       NetworkConnect      One(Network),      NONE, Body::Json, Reply::Slow;
    POST   "/networks/{id}/disconnect"       NetworkDisconnect    NetworkConnect      One(Network),      NONE, Body::Json, Reply::Slow;

    GET    "/plugins"                        PluginList           PluginList          Engine,            FILTERS, Body::None, Reply::Prompt;
    GET    "/plugins/privileges"             GetPluginPrivileges  PluginManage        Engine,            &["remote"], Body::None, Reply::Slow;
    POST   "/plugins/pull"                   PluginPull           PluginManage        Engine,            &["remote", "name"], Body::Json, Reply::Bulk;
    POST   "/plugins/create"                 PluginCreate         PluginManage        Engine,            &["name"], TAR, Reply::Slow;
    GET    "/plugins/{ref...}/json"          PluginInspect        PluginInspect       Engine,            NONE, Body::None, Reply::Prompt;
    DELETE "/plugins/{ref...}"               PluginDelete         PluginManage        Engine,            FORCE, Body::None, Reply::Slow;
    POST   "/plugins/{ref...}/enable"        PluginEnable         PluginManage        Engine,            &["timeout"], Body::None, Reply::Slow;
    POST   "/plugins/{ref...}/disable"       PluginDisable        PluginManage        Engine,            FORCE, Body::None, Reply::Slow;
    POST   "/plugins/{ref...}/upgrade"       PluginUpgrade        PluginManage        Engine,            &["remote"], Body::Json, Reply::Bulk;
    POST   "/plugins/{ref...}/push"          PluginPush           PluginManage        Engine,            NONE, Body::Stream("text/plain"), Reply::Bulk;
    POST   "/plugins/{ref...}/set"           PluginSet            PluginManage        Engine,            NONE, Body::Json, Reply::Slow;

    GET    "/swarm"                          SwarmInspect         SwarmInspect        Engine,            NONE, Body::None, Reply::Prompt;
    POST   "/swarm/init"                     SwarmInit            SwarmManage         Engine,            NONE, Body::Json, Reply::Slow;
    POST   "/swarm/join"                     SwarmJoin            SwarmManage         Engine,            NONE, Body::Json, Reply::Slow;
    POST   "/swarm/leave"                    SwarmLeave           SwarmManage         Engine,            FORCE, Body::None, Reply::Slow;
    POST   "/swarm/update"                   SwarmUpdate          SwarmManage         Engine,            &["version", "rotateWorkerToken", "rotateManagerToken", "rotateManagerUnlockKey"], Body::Json, Reply::Slow;
    GET    "/swarm/unlockkey"                SwarmUnlockkey       SwarmManage         Engine,            NONE, Body::None, Reply::Prompt;
    POST   "/swarm/unlock"                   SwarmUnlock          SwarmManage         Engine,            NONE, Body::Json, Reply::Slow;
    GET    "/nodes"                          NodeList             NodeList            Engine,            FILTERS, Body::None, Reply::Prompt;
    GET    "/nodes/{id}"                     NodeInspect          NodeInspect         Engine,            NONE, Body::None, Reply::Prompt;
    DELETE "/nodes/{id}"                     NodeDelete           NodeRemove          Engine,            FORCE, Body::None, Reply::Slow;
    POST   "/nodes/{id}/update"              NodeUpdate           NodeUpdate          Engine,            VERSION, Body::Json, Reply::Slow;
    GET    "/services"                       ServiceList          ServiceList         List(Service),     &["filters", "status"], Body::None, Reply::Prompt;
    POST   "/services/create"                ServiceCreate        ServiceCreate       New(Service),      NONE, Body::Json, Reply::Slow;
    GET    "/services/{id}"                  ServiceInspect       ServiceInspect      One(Service),      &["insertDefaults"], Body::None, Reply::Prompt;
    DELETE "/services/{id}"                  ServiceDelete        ServiceRemove       One(Service),      NONE, Body::None, Reply::Slow;
    POST   "/services/{id}/update"           ServiceUpdate        ServiceUpdate       One(Service),      &["version", "registryAuthFrom", "rollback"], Body::Json, Reply::Slow;
    GET    "/services/{id}/logs"             ServiceLogs          ServiceLogs         One(Service),      LOGS, Body::None, Reply::Stream;
    GET    "/tasks"                          TaskList             TaskList            List(Task),        FILTERS, Body::None, Reply::Prompt;
    GET    "/tasks/{id}"                     TaskInspect          TaskInspect         One(Task),         NONE, Body::None, Reply::Prompt;
    GET    "/tasks/{id}/logs"                TaskLogs             ServiceLogs         One(Task),         LOGS, Body::None, Reply::Stream;
    GET    "/secrets"                        SecretList           SecretList          List(Secret),      FILTERS, Body::None, Reply::Prompt;
    POST   "/secrets/create"                 SecretCreate         SecretCreate        New(Secret),       NONE, Body::Json, Reply::Slow;
    GET    "/secrets/{id}"                   SecretInspect        SecretList          One(Secret),       NONE, Body::None, Reply::Prompt;
    DELETE "/secrets/{id}"                   SecretDelete         SecretRemove        One(Secret),       NONE, Body::None, Reply::Slow;
    POST   "/secrets/{id}/update"            SecretUpdate         SecretUpdate        One(Secret),       VERSION, Body::Json, Reply::Slow;
    GET    "/configs"                        ConfigList           ConfigList          List(Config),      FILTERS, Body::None, Reply::Prompt;
    POST   "/configs/create"                 ConfigCreate         ConfigCreate        New(Config),       NONE, Body::Json, Reply::Slow;
    GET    "/configs/{id}"                   ConfigInspect        ConfigList          One(Config),       NONE, Body::None, Reply::Prompt;
    DELETE "/configs/{id}"                   ConfigDelete         ConfigRemove        One(Config),       NONE, Body::None, Reply::Slow;
    POST   "/configs/{id}/update"            ConfigUpdate         ConfigUpdate        One(Config),       VERSION, Body::Json, Reply::Slow;
};

const DEBUG: &str = "The engine's debug pages show its memory; use the engine's own socket for them.";

/// Every operation that exists and nobody may use here.
#[rustfmt::skip]
pub const REFUSALS: &[Refusal] = &[
    Refusal { method: "GET", path: "/containers/{id}/attach/ws", reason: "Attaching by WebSocket is not offered; attach with an upgrade to tcp." },
    Refusal { method: "GET", path: "/debug/pprof/", reason: DEBUG },
    Refusal { method: "GET", path: "/debug/pprof/{id}", reason: DEBUG },
    Refusal { method: "GET", path: "/debug/vars", reason: DEBUG },
    Refusal { method: "OPTIONS", path: "/{any}", reason: "The engine API is not for other sites' pages, so it answers no preflight." },
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The published list of operations: method, path, operation, ...
    const PUBLISHED: &str = include_str!("docker-engine-operations.tsv");

    /// `/a/{x}/b` with every parameter written alike.
    fn shape(path: &str) -> String {
        path.split('/').map(|s| if s.starts_with('{') { "{}" } else { s }).collect::<Vec<_>>().join("/")
    }

    #[test]
    fn every_published_operation_has_a_row_or_a_stated_refusal() {
        let known: Vec<(String, String)> = ROWS
            .iter()
            .map(|row| (row.method, row.path))
            .chain(REFUSALS.iter().map(|refusal| (refusal.method, refusal.path)))
            .map(|(method, path)| (method.to_owned(), shape(path)))
            .collect();
        let mut count = 0;
        let debug = |path: &str| path.starts_with("/debug/pprof/") && path.len() > "/debug/pprof/".len();
        for line in PUBLISHED.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let mut fields = line.split('\t');
            let (method, path) = (fields.next().unwrap(), fields.next().unwrap());
            let wanted = if debug(path) { "/debug/pprof/{}".to_owned() } else { shape(path) };
            assert!(known.contains(&(method.to_owned(), wanted)), "no row and no refusal for {method} {path}");
            count += 1;
        }
        assert!(count >= 121, "the list of published operations is cut short: {count}");
    }

    #[test]
    fn every_row_is_a_published_operation_by_its_published_name() {
        for row in ROWS {
            let same = |line: &&str| {
                let mut fields = line.split('\t');
                fields.next() == Some(row.method) && fields.next().map(shape) == Some(shape(row.path))
            };
            let line = PUBLISHED.lines().find(same).unwrap_or_else(|| panic!("{} {} is not published", row.method, row.path));
            let name = line.split('\t').nth(2).unwrap();
            assert!(name.is_empty() || name == row.name, "{} is published as {name}", row.name);
        }
    }
}
