//! What an engine says of itself.

use pilothouse_app::api::engines::EngineInfo;

use super::{
    super::{Engine, EngineError},
    call, size, wire,
};
use crate::access::Permit;

/// The versions it speaks, its machine, and how much it keeps.
pub async fn info(engine: &Engine, permit: &Permit) -> Result<EngineInfo, EngineError> {
    let version: wire::Version = call::read(engine, permit, "/version").await?;
    let info: wire::Info = call::read(engine, permit, "/info").await?;
    // What answers with JSON that holds none of it is something else.
    if version.api.is_empty() {
        return Err(call::unreadable());
    }
    let count = |n: i64| u32::try_from(n).unwrap_or(0);
    Ok(EngineInfo {
        version: version.version,
        api_version: version.api,
        min_api_version: version.api_min,
        os: if info.os.is_empty() { version.os } else { info.os },
        arch: version.arch,
        kernel: version.kernel,
        cpus: count(info.cpus),
        memory: size(info.memory),
        containers: count(info.containers),
        running: count(info.running),
        paused: count(info.paused),
        stopped: count(info.stopped),
        images: count(info.images),
        storage_driver: info.storage,
        swarm: info.swarm.state == "active",
    })
}
