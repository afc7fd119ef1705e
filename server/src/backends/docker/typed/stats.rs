//! What a container uses: one reading, and what two readings say.

use pilothouse_app::api::containers::Usage;
use serde::Deserialize;
use std::collections::BTreeMap;

use super::{
    super::{Engine, EngineError},
    call, containers, millis,
    names::ContainerId,
};
use crate::{access::Permit, clock::now_ms};

/// One reading of a container's counters.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reading {
    /// When, by our clock.
    pub at: i64,
    /// When, by the engine's clock: differences are taken on it.
    read: i64,
    /// Nanoseconds of processor time, of the container and of the whole machine.
    cpu: u64,
    system: u64,
    cpus: u32,
    memory: u64,
    memory_limit: u64,
    net_rx: u64,
    net_tx: u64,
    disk_read: u64,
    disk_write: u64,
    pids: u32,
}

/// Takes a reading; `None` when the container does not run. Engines since API 1.41 answer at once, older ones take two
/// readings of their own and a second or two.
pub async fn read(engine: &Engine, permit: &Permit, id: &ContainerId) -> Result<Option<Reading>, EngineError> {
    let sample: Sample = call::read(engine, permit, &containers::path(id, "stats?stream=false&one-shot=true")).await?;
    Ok(reading(sample, now_ms()))
}

/// What a container used between two readings.
pub fn usage(before: &Reading, now: &Reading) -> Usage {
    let millis = if now.read > before.read { now.read - before.read } else { now.at - before.at };
    let seconds = (millis.max(1) as f64) / 1000.0;
    // A counter that went back was reset: the container was started anew.
    let rate = |before: u64, now: u64| now.saturating_sub(before) as f64 / seconds;
    let cpu = now.cpu.saturating_sub(before.cpu) as f64;
    let system = now.system.saturating_sub(before.system) as f64;
    let cpu_percent =
        if before.system > 0 && system > 0.0 { cpu / system * f64::from(now.cpus.max(1)) * 100.0 } else { cpu / (seconds * 1e9) * 100.0 };
    Usage {
        at: now.at,
        cpu_percent,
        memory: now.memory,
        memory_limit: now.memory_limit,
        net_rx: rate(before.net_rx, now.net_rx),
        net_tx: rate(before.net_tx, now.net_tx),
        disk_read: rate(before.disk_read, now.disk_read),
        disk_write: rate(before.disk_write, now.disk_write),
        pids: now.pids,
    }
}

macro_rules! sample {
    ($($name:ident { $($field:ident: $kind:ty,)* })*) => {$(
        #[derive(Default, Deserialize)]
        #[serde(default)]
        struct $name { $($field: Option<$kind>,)* }
    )*};
}

sample! {
    Sample {
        read: String, cpu_stats: Cpu, memory_stats: Memory, networks: BTreeMap<String, Net>, blkio_stats: Disk, pids_stats: Pids,
    }
    Cpu { cpu_usage: CpuUsage, system_cpu_usage: u64, online_cpus: u32, }
    CpuUsage { total_usage: u64, percpu_usage: Vec<u64>, }
    Memory { usage: u64, limit: u64, stats: BTreeMap<String, u64>, }
    Net { rx_bytes: u64, tx_bytes: u64, }
    Disk { io_service_bytes_recursive: Vec<DiskOp>, }
    DiskOp { op: String, value: u64, }
    Pids { current: u32, }
}

fn reading(sample: Sample, at: i64) -> Option<Reading> {
    // A container that does not run has a reading of the year 1, or one without memory and processes.
    let read = millis(&sample.read.unwrap_or_default())?;
    let cpu = sample.cpu_stats.unwrap_or_default();
    let cpu_usage = cpu.cpu_usage.unwrap_or_default();
    let memory = sample.memory_stats.unwrap_or_default();
    let pids = sample.pids_stats.unwrap_or_default().current.unwrap_or(0);
    let total = cpu_usage.total_usage.unwrap_or(0);
    if total == 0 && pids == 0 && memory.usage.is_none() {
        return None;
    }
    let by_core = u32::try_from(cpu_usage.percpu_usage.unwrap_or_default().len()).unwrap_or(0);
    let nets = sample.networks.unwrap_or_default();
    let net = |count: fn(&Net) -> Option<u64>| nets.values().filter_map(count).fold(0, u64::saturating_add);
    let ops = sample.blkio_stats.unwrap_or_default().io_service_bytes_recursive.unwrap_or_default();
    let disk = |name: &str| {
        let same = ops.iter().filter(|op| op.op.as_ref().is_some_and(|op| op.eq_ignore_ascii_case(name)));
        same.filter_map(|op| op.value).fold(0, u64::saturating_add)
    };
    Some(Reading {
        at,
        read,
        cpu: total,
        system: cpu.system_cpu_usage.unwrap_or(0),
        cpus: cpu.online_cpus.filter(|cpus| *cpus > 0).unwrap_or(by_core),
        memory: without_cache(&memory),
        memory_limit: memory.limit.unwrap_or(0),
        net_rx: net(|net| net.rx_bytes),
        net_tx: net(|net| net.tx_bytes),
        disk_read: disk("read"),
        disk_write: disk("write"),
        pids,
    })
}

/// Memory without the part of the page cache that can be dropped, as `docker stats` counts it.
fn without_cache(memory: &Memory) -> u64 {
    let usage = memory.usage.unwrap_or(0);
    let stats = memory.stats.as_ref();
    // cgroup v1 says it for the container and what is below it by the first name, v2 by the second.
    let inactive = stats.and_then(|stats| stats.get("total_inactive_file").or_else(|| stats.get("inactive_file"))).copied().unwrap_or(0);
    if inactive < usage { usage - inactive } else { usage }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(value: Value, at: i64) -> Option<Reading> {
        reading(serde_json::from_value(value).unwrap(), at)
    }

    fn sample(second: u32, cpu: u64, system: u64, rx: u64) -> Value {
        json!({
            "read": format!("2026-01-01T00:00:{second:02}Z"),
            "cpu_stats": {"cpu_usage": {"total_usage": cpu, "percpu_usage": [1, 2]}, "system_cpu_usage": system, "online_cpus": 2},
            "memory_stats": {"usage": 1000, "limit": 5000, "stats": {"total_inactive_file": 300, "inactive_file": 1}},
            "networks": {"eth0": {"rx_bytes": rx, "tx_bytes": 0}, "eth1": {"rx_bytes": rx, "tx_bytes": 7}},
            "blkio_stats": {"io_service_bytes_recursive": [{"op": "Read", "value": 5}, {"op": "read", "value": 6}, {"op": "Total", "value": 11}]},
            "pids_stats": {"current": 3}
        })
    }

    #[test]
    fn two_readings_make_a_usage() {
        let before = read(sample(0, 1_000, 100_000, 0), 1).unwrap();
        let now = read(sample(5, 6_000, 110_000, 5_000), 5_001).unwrap();
        let usage = usage(&before, &now);
        assert!((usage.cpu_percent - 100.0).abs() < 1e-9, "half of two processors is one: {}", usage.cpu_percent);
        assert_eq!((usage.memory, usage.memory_limit, usage.pids), (700, 5000, 3));
        assert!((usage.net_rx - 2_000.0).abs() < 1e-9);
        assert!((usage.disk_read).abs() < 1e-9);
    }

    #[test]
    fn without_the_machines_time_the_clock_is_taken() {
        let strip = |mut value: Value| {
            value["cpu_stats"].as_object_mut().unwrap().remove("system_cpu_usage");
            read(value, 0).unwrap()
        };
        let usage = usage(&strip(sample(0, 0, 0, 0)), &strip(sample(2, 1_000_000_000, 0, 0)));
        assert!((usage.cpu_percent - 50.0).abs() < 1e-9);
    }

    #[test]
    fn a_restart_makes_no_negative_rates() {
        let before = read(sample(0, 9_000, 100_000, 9_000), 0).unwrap();
        let now = read(sample(5, 10, 110_000, 10), 5_000).unwrap();
        let usage = usage(&before, &now);
        assert!(usage.cpu_percent.abs() < 1e-9 && usage.net_rx.abs() < 1e-9);
    }

    #[test]
    fn what_does_not_run_has_no_reading() {
        assert_eq!(read(json!({"read": "0001-01-01T00:00:00Z", "pids_stats": {}, "cpu_stats": {"cpu_usage": {"total_usage": 0}}}), 0), None);
        assert_eq!(read(json!({"read": "2026-01-01T00:00:00Z", "memory_stats": {}}), 0), None);
        assert_eq!(read(json!({}), 0), None);
    }

    #[test]
    fn both_kinds_of_cgroup_count_alike() {
        let memory = |value: Value| without_cache(&serde_json::from_value(value).unwrap());
        assert_eq!(memory(json!({"usage": 10, "stats": {"total_inactive_file": 4}})), 6);
        assert_eq!(memory(json!({"usage": 10, "stats": {"inactive_file": 3}})), 7);
        assert_eq!(memory(json!({"usage": 10, "stats": {"inactive_file": 30}})), 10);
        assert_eq!(memory(json!({"usage": 10})), 10);
    }
}
