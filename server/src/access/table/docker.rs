//! The Docker Engine API, operation by operation: v1.24 to v1.55, and what the engine's router knows beyond its documents.
//!
//! A parameter is `{id}` (one segment, a name or id) or `{ref...}` (one or more, an image reference). A query name that
//! ends with `*` may come several times.

use super::super::Permission::{self, *};

/// One operation that may be allowed.
#[derive(Debug)]
pub struct Row {
    pub method: &'static str,
    pub path: &'static str,
    pub name: &'static str,
    pub permission: Permission,
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
    ($($method:ident $path:literal $name:ident $permission:ident $query:expr, $body:expr, $reply:expr;)*) => {
        &[$(Row {
            method: stringify!($method),
            path: $path,
            name: stringify!($name),
            permission: $permission,
            query: $query,
            body: $body,
            reply: $reply,
        }),*]
    };
}

/// Every operation that some role may be allowed.
#[rustfmt::skip]
pub const ROWS: &[Row] = rows! {
    GET    "/_ping"                           SystemPing           SystemInfo          NONE, Body::None, Reply::Prompt;
    HEAD   "/_ping"                           SystemPingHead       SystemInfo          NONE, Body::None, Reply::Prompt;
    GET    "/version"                         SystemVersion        SystemInfo          NONE, Body::None, Reply::Prompt;
    GET    "/info"                            SystemInfo           SystemInfo          NONE, Body::None, Reply::Prompt;
    GET    "/system/df"                       SystemDataUsage      SystemInfo          &["type*", "verbose"], Body::None, Reply::Slow;
    GET    "/events"                          SystemEvents         SystemEvents        &["since", "until", "filters"], Body::None, Reply::Stream;
    POST   "/auth"                            SystemAuth           SystemLogin         NONE, Body::Json, Reply::Slow;

    GET    "/containers/json"                 ContainerList        ContainerList       &["all", "limit", "size", "filters", "before", "since"], Body::None, Reply::Prompt;
    POST   "/containers/create"               ContainerCreate      ContainerCreate     &["name", "platform"], Body::Json, Reply::Slow;
    POST   "/containers/prune"                ContainerPrune       ContainerRemove     FILTERS, Body::None, Reply::Slow;
    GET    "/containers/{id}/json"            ContainerInspect     ContainerInspect    &["size"], Body::None, Reply::Prompt;
    GET    "/containers/{id}/top"             ContainerTop         ContainerProcesses  &["ps_args"], Body::None, Reply::Prompt;
    GET    "/containers/{id}/logs"            ContainerLogs        ContainerLogs       LOGS, Body::None, Reply::Stream;
    GET    "/containers/{id}/changes"         ContainerChanges     ContainerChanges    NONE, Body::None, Reply::Slow;
    GET    "/containers/{id}/export"          ContainerExport      ContainerExport     NONE, Body::None, Reply::Bulk;
    GET    "/containers/{id}/stats"           ContainerStats       ContainerStats      &["stream", "one-shot"], Body::None, Reply::Stream;
    POST   "/containers/{id}/resize"          ContainerResize      ContainerAttach     SIZE, Body::None, Reply::Prompt;
    POST   "/containers/{id}/start"           ContainerStart       ContainerStart      &["detachKeys", "checkpoint", "checkpoint-dir"], Body::None, Reply::Slow;
    POST   "/containers/{id}/stop"            ContainerStop        ContainerStop       STOP, Body::None, Reply::Slow;
    POST   "/containers/{id}/restart"         ContainerRestart     ContainerRestart    STOP, Body::None, Reply::Slow;
    POST   "/containers/{id}/kill"            ContainerKill        ContainerKill       &["signal"], Body::None, Reply::Slow;
    POST   "/containers/{id}/pause"           ContainerPause       ContainerPause      NONE, Body::None, Reply::Slow;
    POST   "/containers/{id}/unpause"         ContainerUnpause     ContainerPause      NONE, Body::None, Reply::Slow;
    POST   "/containers/{id}/rename"          ContainerRename      ContainerRename     &["name"], Body::None, Reply::Prompt;
    POST   "/containers/{id}/update"          ContainerUpdate      ContainerUpdate     NONE, Body::Json, Reply::Slow;
    POST   "/containers/{id}/wait"            ContainerWait        ContainerWait       &["condition"], Body::None, Reply::Stream;
    DELETE "/containers/{id}"                 ContainerDelete      ContainerRemove     &["v", "force", "link"], Body::None, Reply::Slow;
    POST   "/containers/{id}/attach"          ContainerAttach      ContainerAttach     ATTACH, Body::None, Reply::Upgrade("tcp");
    POST   "/containers/{id}/exec"            ContainerExec        ContainerExec       NONE, Body::Json, Reply::Prompt;
    POST   "/exec/{id}/start"                 ExecStart            ContainerExec       NONE, Body::Json, Reply::Upgrade("tcp");
    POST   "/exec/{id}/resize"                ExecResize           ContainerExec       SIZE, Body::None, Reply::Prompt;
    GET    "/exec/{id}/json"                  ExecInspect          ContainerExec       NONE, Body::None, Reply::Prompt;
    GET    "/containers/{id}/archive"         ContainerArchive     ContainerExport     &["path"], Body::None, Reply::Bulk;
    HEAD   "/containers/{id}/archive"         ContainerArchiveInfo ContainerExport     &["path"], Body::None, Reply::Prompt;
    PUT    "/containers/{id}/archive"         PutContainerArchive  ContainerCopy       &["path", "noOverwriteDirNonDir", "copyUIDGID"], TAR, Reply::Bulk;
    GET    "/containers/{id}/checkpoints"     CheckpointList       ContainerCheckpoint &["dir"], Body::None, Reply::Prompt;
    POST   "/containers/{id}/checkpoints"     CheckpointCreate     ContainerCheckpoint NONE, Body::Json, Reply::Slow;
    DELETE "/containers/{id}/checkpoints/{id}" CheckpointDelete    ContainerCheckpoint &["dir"], Body::None, Reply::Slow;
    POST   "/commit"                          ImageCommit          ImageCommit         &["container", "repo", "tag", "comment", "author", "pause", "changes*"], Body::Json, Reply::Slow;

    GET    "/images/json"                     ImageList            ImageList           &["all", "filters", "filter", "shared-size", "digests", "manifests"], Body::None, Reply::Prompt;
    GET    "/images/search"                   ImageSearch          ImageSearch         &["term", "limit", "filters"], Body::None, Reply::Slow;
    GET    "/images/get"                      ImageGetAll          ImageExport         &["names*", "platform*"], Body::None, Reply::Bulk;
    POST   "/images/create"                   ImageCreate          ImagePull           &["fromImage", "fromSrc", "repo", "tag", "message", "changes*", "platform"], Body::Stream("text/plain"), Reply::Bulk;
    POST   "/images/load"                     ImageLoad            ImageLoad           &["quiet", "platform*"], TAR, Reply::Bulk;
    POST   "/images/prune"                    ImagePrune           ImageRemove         FILTERS, Body::None, Reply::Slow;
    GET    "/images/{ref...}/json"            ImageInspect         ImageInspect        &["manifests", "platform"], Body::None, Reply::Prompt;
    GET    "/images/{ref...}/history"         ImageHistory         ImageInspect        &["platform"], Body::None, Reply::Prompt;
    GET    "/images/{ref...}/attestations"    ImageAttestations    ImageInspect        &["platform"], Body::None, Reply::Prompt;
    GET    "/images/{ref...}/get"             ImageGet             ImageExport         &["platform*"], Body::None, Reply::Bulk;
    POST   "/images/{ref...}/push"            ImagePush            ImagePush           &["tag", "platform"], Body::Stream("text/plain"), Reply::Bulk;
    POST   "/images/{ref...}/tag"             ImageTag             ImageTag            &["repo", "tag", "force"], Body::None, Reply::Prompt;
    DELETE "/images/{ref...}"                 ImageDelete          ImageRemove         &["force", "noprune", "platforms*"], Body::None, Reply::Slow;
    GET    "/distribution/{ref...}/json"      DistributionInspect  ImagePull           NONE, Body::None, Reply::Slow;

    POST   "/build"                           ImageBuild           ImageBuild          BUILD, TAR, Reply::Bulk;
    POST   "/build/prune"                     BuildPrune           ImageBuild          &["all", "filters", "keep-storage", "reserved-space", "max-used-space", "min-free-space"], Body::None, Reply::Slow;
    POST   "/build/cancel"                    BuildCancel          ImageBuild          &["id"], Body::None, Reply::Prompt;
    POST   "/session"                         Session              BuildkitSession     NONE, Body::None, Reply::Upgrade("h2c");
    POST   "/grpc"                            Grpc                 BuildkitSession     NONE, Body::None, Reply::Upgrade("h2c");

    GET    "/volumes"                         VolumeList           VolumeList          FILTERS, Body::None, Reply::Prompt;
    POST   "/volumes/create"                  VolumeCreate         VolumeCreate        NONE, Body::Json, Reply::Slow;
    POST   "/volumes/prune"                   VolumePrune          VolumeRemove        FILTERS, Body::None, Reply::Slow;
    GET    "/volumes/{id}"                    VolumeInspect        VolumeInspect       NONE, Body::None, Reply::Prompt;
    PUT    "/volumes/{id}"                    VolumeUpdate         VolumeUpdate        VERSION, Body::Json, Reply::Prompt;
    DELETE "/volumes/{id}"                    VolumeDelete         VolumeRemove        FORCE, Body::None, Reply::Slow;

    GET    "/networks"                        NetworkList          NetworkList         FILTERS, Body::None, Reply::Prompt;
    POST   "/networks/create"                 NetworkCreate        NetworkCreate       NONE, Body::Json, Reply::Slow;
    POST   "/networks/prune"                  NetworkPrune         NetworkRemove       FILTERS, Body::None, Reply::Slow;
    GET    "/networks/{id}"                   NetworkInspect       NetworkInspect      &["verbose", "scope"], Body::None, Reply::Prompt;
    DELETE "/networks/{id}"                   NetworkDelete        NetworkRemove       NONE, Body::None, Reply::Slow;
    POST   "/networks/{id}/connect"           NetworkConnect       NetworkConnect      NONE, Body::Json, Reply::Slow;
    POST   "/networks/{id}/disconnect"        NetworkDisconnect    NetworkConnect      NONE, Body::Json, Reply::Slow;

    GET    "/plugins"                         PluginList           PluginList          FILTERS, Body::None, Reply::Prompt;
    GET    "/plugins/privileges"              GetPluginPrivileges  PluginManage        &["remote"], Body::None, Reply::Slow;
    POST   "/plugins/pull"                    PluginPull           PluginManage        &["remote", "name"], Body::Json, Reply::Bulk;
    POST   "/plugins/create"                  PluginCreate         PluginManage        &["name"], TAR, Reply::Slow;
    GET    "/plugins/{ref...}/json"           PluginInspect        PluginInspect       NONE, Body::None, Reply::Prompt;
    DELETE "/plugins/{ref...}"                PluginDelete         PluginManage        FORCE, Body::None, Reply::Slow;
    POST   "/plugins/{ref...}/enable"         PluginEnable         PluginManage        &["timeout"], Body::None, Reply::Slow;
    POST   "/plugins/{ref...}/disable"        PluginDisable        PluginManage        FORCE, Body::None, Reply::Slow;
    POST   "/plugins/{ref...}/upgrade"        PluginUpgrade        PluginManage        &["remote"], Body::Json, Reply::Bulk;
    POST   "/plugins/{ref...}/push"           PluginPush           PluginManage        NONE, Body::Stream("text/plain"), Reply::Bulk;
    POST   "/plugins/{ref...}/set"            PluginSet            PluginManage        NONE, Body::Json, Reply::Slow;

    GET    "/swarm"                           SwarmInspect         SwarmInspect        NONE, Body::None, Reply::Prompt;
    POST   "/swarm/init"                      SwarmInit            SwarmManage         NONE, Body::Json, Reply::Slow;
    POST   "/swarm/join"                      SwarmJoin            SwarmManage         NONE, Body::Json, Reply::Slow;
    POST   "/swarm/leave"                     SwarmLeave           SwarmManage         FORCE, Body::None, Reply::Slow;
    POST   "/swarm/update"                    SwarmUpdate          SwarmManage         &["version", "rotateWorkerToken", "rotateManagerToken", "rotateManagerUnlockKey"], Body::Json, Reply::Slow;
    GET    "/swarm/unlockkey"                 SwarmUnlockkey       SwarmManage         NONE, Body::None, Reply::Prompt;
    POST   "/swarm/unlock"                    SwarmUnlock          SwarmManage         NONE, Body::Json, Reply::Slow;
    GET    "/nodes"                           NodeList             NodeList            FILTERS, Body::None, Reply::Prompt;
    GET    "/nodes/{id}"                      NodeInspect          NodeInspect         NONE, Body::None, Reply::Prompt;
    DELETE "/nodes/{id}"                      NodeDelete           NodeRemove          FORCE, Body::None, Reply::Slow;
    POST   "/nodes/{id}/update"               NodeUpdate           NodeUpdate          VERSION, Body::Json, Reply::Slow;
    GET    "/services"                        ServiceList          ServiceList         &["filters", "status"], Body::None, Reply::Prompt;
    POST   "/services/create"                 ServiceCreate        ServiceCreate       NONE, Body::Json, Reply::Slow;
    GET    "/services/{id}"                   ServiceInspect       ServiceInspect      &["insertDefaults"], Body::None, Reply::Prompt;
    DELETE "/services/{id}"                   ServiceDelete        ServiceRemove       NONE, Body::None, Reply::Slow;
    POST   "/services/{id}/update"            ServiceUpdate        ServiceUpdate       &["version", "registryAuthFrom", "rollback"], Body::Json, Reply::Slow;
    GET    "/services/{id}/logs"              ServiceLogs          ServiceLogs         LOGS, Body::None, Reply::Stream;
    GET    "/tasks"                           TaskList             TaskList            FILTERS, Body::None, Reply::Prompt;
    GET    "/tasks/{id}"                      TaskInspect          TaskInspect         NONE, Body::None, Reply::Prompt;
    GET    "/tasks/{id}/logs"                 TaskLogs             ServiceLogs         LOGS, Body::None, Reply::Stream;
    GET    "/secrets"                         SecretList           SecretList          FILTERS, Body::None, Reply::Prompt;
    POST   "/secrets/create"                  SecretCreate         SecretCreate        NONE, Body::Json, Reply::Slow;
    GET    "/secrets/{id}"                    SecretInspect        SecretList          NONE, Body::None, Reply::Prompt;
    DELETE "/secrets/{id}"                    SecretDelete         SecretRemove        NONE, Body::None, Reply::Slow;
    POST   "/secrets/{id}/update"             SecretUpdate         SecretUpdate        VERSION, Body::Json, Reply::Slow;
    GET    "/configs"                         ConfigList           ConfigList          FILTERS, Body::None, Reply::Prompt;
    POST   "/configs/create"                  ConfigCreate         ConfigCreate        NONE, Body::Json, Reply::Slow;
    GET    "/configs/{id}"                    ConfigInspect        ConfigList          NONE, Body::None, Reply::Prompt;
    DELETE "/configs/{id}"                    ConfigDelete         ConfigRemove        NONE, Body::None, Reply::Slow;
    POST   "/configs/{id}/update"             ConfigUpdate         ConfigUpdate        VERSION, Body::Json, Reply::Slow;
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
