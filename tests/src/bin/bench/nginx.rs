//! nginx as a plain proxy: what is had without any sign-in, decision or audit.

use std::{
    net::{SocketAddr, TcpStream},
    process::{Child, Command},
    time::{Duration, Instant},
};

use pilothouse_tests::sandbox::{folder, free_port};

pub struct Nginx {
    pub address: SocketAddr,
    process: Child,
}

impl Nginx {
    /// Before `upstream`: `unix:SOCKET` or `ADDRESS:PORT`, which is asked as `host`.
    pub fn before(upstream: &str, host: &str) -> Nginx {
        let dir = folder("nginx");
        let port = free_port();
        let settings = format!(
            "daemon off; worker_processes auto; pid {dir}/pid; error_log {dir}/error.log; user root;
            events {{ worker_connections 1024; }}
            http {{
                access_log off;
                client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u; scgi_temp_path {dir}/s;
                client_max_body_size 0;
                upstream behind {{ server {upstream}; keepalive 64; }}
                server {{
                    listen 127.0.0.1:{port};
                    location / {{
                        proxy_pass http://behind; proxy_http_version 1.1; proxy_buffering off; proxy_request_buffering off;
                        proxy_set_header Connection \"\"; proxy_set_header Host {host};
                    }}
                }}
            }}",
            dir = dir.display(),
        );
        let file = dir.join("nginx.conf");
        std::fs::write(&file, settings).expect("a folder of ours takes a file");
        let process = Command::new("/usr/sbin/nginx").arg("-c").arg(&file).spawn().expect("nginx runs: `deploy/sandbox/install bench` installs it");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < end, "nginx does not listen: see {}/error.log", dir.display());
            std::thread::sleep(Duration::from_millis(20));
        }
        Nginx { address, process }
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A KILL would leave its workers behind.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}
