//! Processes that end with their value.

use crate::load::Failure;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub struct Processes(Vec<Child>);

impl Processes {
    pub fn start(commands: Vec<Command>) -> Result<Self, Failure> {
        let mut started = Self(Vec::new());
        for mut command in commands {
            let name = command.get_program().to_string_lossy().into_owned();
            let child =
                command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
            started.0.push(child.map_err(|error| format!("cannot start {name}: {error}"))?);
        }
        Ok(started)
    }

    /// Kills one of them, or freezes it.
    pub fn signal(&self, number: usize, deed: &str) -> Result<(), Failure> {
        let signal = if deed == "freeze" { "-STOP" } else { "-KILL" };
        let pid = self.0[number].id().to_string();
        let status = Command::new("kill").args([signal, &pid]).status()?;
        if status.success() { Ok(()) } else { Err(format!("kill {signal} {pid}: {status}").into()) }
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Ports that are free now.
pub fn ports(count: usize) -> Result<Vec<u16>, Failure> {
    let sockets: Result<Vec<_>, _> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect();
    Ok(sockets?
        .iter()
        .map(TcpListener::local_addr)
        .map(|at| Ok(at?.port()))
        .collect::<Result<_, std::io::Error>>()?)
}

/// Waits until somebody listens there.
pub fn await_port(port: u16) -> Result<(), Failure> {
    let begin = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        if begin.elapsed() > Duration::from_secs(20) {
            return Err(format!("nobody listens on port {port}").into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
