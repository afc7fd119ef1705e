//! A way to a real registry that fails in the middle, or is slow.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use pilothouse_tests::registry::registry;

/// Passes bytes on to the registry of all tests, and fails at it.
pub struct Relay {
    pub url: String,
    /// A connection breaks off in the middle of what is long.
    pub cuts: Arc<AtomicBool>,
}

/// So many bytes go before it breaks off.
const CUT: usize = 300_000;

impl Relay {
    /// With `drips`, what comes from the registry comes slowly.
    pub fn start(drips: bool) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let relay = Relay { url: format!("http://{}", listener.local_addr().unwrap()), cuts: Arc::default() };
        let cuts = relay.cuts.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(registry().url.trim_start_matches("http://")).unwrap();
                let (up, down) = ((client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client));
                let (cuts, never) = (cuts.clone(), AtomicBool::new(false));
                std::thread::spawn(move || pass(up.0, up.1, &cuts, false));
                std::thread::spawn(move || pass(down.0, down.1, &never, drips));
            }
        });
        relay
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, cuts: &AtomicBool, drips: bool) {
    let (mut buffer, mut passed) = ([0; 16_384], 0);
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        passed += n;
        let breaks_off = cuts.load(Ordering::Relaxed) && passed > CUT;
        if breaks_off || to.write_all(&buffer[..n]).is_err() {
            let _ = from.shutdown(Shutdown::Both);
            break;
        }
        if drips && n > 1_000 {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
