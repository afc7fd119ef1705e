//! Many who never finish.

use super::*;

/// Connections that are open in the hope that the house runs out of something.
struct Siege {
    open: Vec<TcpStream>,
    begun: Instant,
    /// When each was closed.
    closed: Vec<Duration>,
    answers: Vec<u8>,
}

impl Siege {
    fn lay(house: &House, count: usize, bytes: impl Fn(usize) -> String) -> Siege {
        let begun = Instant::now();
        let open = (0..count).map(|n| {
            let mut stream = connect(house.address);
            stream.write_all(bytes(n).as_bytes()).unwrap();
            stream.set_nonblocking(true).unwrap();
            stream
        });
        Siege { open: open.collect(), begun, closed: Vec::new(), answers: Vec::new() }
    }

    fn look(&mut self) {
        let mut buffer = [0; 4_096];
        let (begun, closed, answers) = (self.begun, &mut self.closed, &mut self.answers);
        self.open.retain_mut(|stream| {
            loop {
                match stream.read(&mut buffer) {
                    Ok(read) if read > 0 => answers.extend_from_slice(&buffer[..read]),
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                    _ => {
                        closed.push(begun.elapsed());
                        return false;
                    }
                }
            }
        });
    }

    fn assert_closed_between(&self, what: &str, from: u64, to: u64) {
        assert!(self.open.is_empty(), "{what}: {} are still open after {:?}", self.open.len(), self.begun.elapsed());
        let (first, last) = (self.closed.iter().min().unwrap(), self.closed.iter().max().unwrap());
        assert!(*first >= Duration::from_secs(from) && *last <= Duration::from_secs(to), "{what}: closed from {first:?} to {last:?}");
    }
}

#[test]
fn six_hundred_who_never_finish_keep_nobody_out_and_are_closed_in_time() {
    let engine = Engine::echo();
    let house = house(&engine);
    let token = house.admin.clone();
    let mut heads = Siege::lay(&house, 280, |n| match n % 4 {
        0 => String::new(),
        1 => "GET".to_owned(),
        2 => "GET / HTTP/1.1\r\nHost: x\r\n".to_owned(),
        _ => begin(&token, "GET /engines/fake/containers/json"),
    });
    // These send a byte now and then: it is the whole head that has a deadline.
    let mut drips = Siege::lay(&house, 20, |_| "GET / HTTP/1.1\r\nHost: x\r\nX: ".to_owned());
    let mut bodies = Siege::lay(&house, 300, |n| match n % 3 {
        0 => "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{\"username\"".to_owned(),
        1 => format!("{}{JSON}Content-Length: 50\r\n\r\n{{\"Image\"", begin(&token, CREATE)),
        _ => format!("{}{CHUNKED}\r\n", begin(&token, "POST /engines/fake/containers/x/start")),
    });
    let end = Instant::now() + Duration::from_secs(36);
    let mut slowest = Duration::ZERO;
    let mut next = Instant::now();
    while Instant::now() < end && !(heads.open.is_empty() && drips.open.is_empty() && bodies.open.is_empty()) {
        if Instant::now() >= next {
            let begun = Instant::now();
            house.sign_in("admin", PASSWORD);
            slowest = slowest.max(begun.elapsed());
            asks_for_own(&house, &token, "own");
            for stream in &mut drips.open {
                let _ = stream.write_all(b"a");
            }
            next = Instant::now() + Duration::from_secs(1);
        }
        for siege in [&mut heads, &mut drips, &mut bodies] {
            siege.look();
        }
        sleep(Duration::from_millis(20));
    }
    heads.assert_closed_between("half a head", 14, 18);
    drips.assert_closed_between("a head in drops", 14, 18);
    bodies.assert_closed_between("half a body", 29, 34);
    // Each of those bodies was told that it was late; nothing of it reached the engine.
    let told = String::from_utf8_lossy(&bodies.answers).matches("did not come in time").count();
    assert_eq!(told, 300);
    assert!(engine.take().iter().all(|asked| asked.first_line().contains("/containers/own/json")));
    assert!(slowest < Duration::from_secs(1), "a sign-in took {slowest:?}");
}
