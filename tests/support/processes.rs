//! A cluster of processes that are killed and started again.

use quorate::ClusterFile;
use quorate::chaos::network::Network;
use quorate::local::free_addresses;
use std::fs::{File, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

/// A cluster in a temporary directory.
pub(crate) struct Cluster {
    pub(crate) dir: tempfile::TempDir,
    nodes: Vec<Option<Child>>,
    /// Where the nodes listen, if not where the cluster file says.
    listen: Vec<SocketAddr>,
}

impl Cluster {
    pub(crate) fn start(protocol: &str, servers: usize, more: &str) -> Self {
        Self::start_mode(protocol, "", servers, more)
    }

    /// `variant` is a line of the cluster file.
    pub(crate) fn start_mode(protocol: &str, variant: &str, servers: usize, more: &str) -> Self {
        let text = super::cluster_text("127.0.0.1", servers, more);
        Self::start_text(protocol, variant, servers, &text, Vec::new())
    }

    /// Each server has so many ports, one after the other.
    pub(crate) fn start_wide(protocol: &str, servers: usize, width: usize, more: &str) -> Self {
        let addresses = free_addresses(servers, width).unwrap();
        let text = super::cluster_text_at(&addresses, more);
        Self::start_text(protocol, "", servers, &text, Vec::new())
    }

    /// All that is sent passes the network.
    pub(crate) fn start_behind(network: &Network, protocol: &str, variant: &str) -> Self {
        let (doors, listen) = (network.doors(), network.nodes());
        let text = super::cluster_text_at(&doors, super::KEYS);
        Self::start_text(protocol, variant, doors.len(), &text, listen)
    }

    fn start_text(
        protocol: &str,
        variant: &str,
        servers: usize,
        text: &str,
        listen: Vec<SocketAddr>,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let chosen = format!("protocol = {protocol:?}\n{variant}");
        let text = text.replace("protocol = \"single-copy\"", &chosen);
        let file = dir.path().join("cluster.toml");
        std::fs::write(&file, text).unwrap();
        // It holds keys.
        std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        let mut cluster = Self { dir, nodes: Vec::new(), listen };
        for id in 0..servers {
            cluster.format(id);
            cluster.nodes.push(None);
        }
        (0..servers).for_each(|id| cluster.restart(id));
        cluster
    }

    pub(crate) fn file(&self) -> ClusterFile {
        ClusterFile::load(&self.dir.path().join("cluster.toml")).unwrap()
    }

    pub(crate) fn data(&self, id: usize) -> PathBuf {
        self.dir.path().join(format!("node-{id}"))
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        command.args(args).arg("--cluster").arg(self.dir.path().join("cluster.toml"));
        command
    }

    pub(crate) fn quorate(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The exit code and what was printed.
    pub(crate) fn client(&self, args: &[&str]) -> (i32, String) {
        let output = self.quorate(args);
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    }

    /// Swaps the value of `chain` for the next, so that a write that is lost or applied twice breaks
    /// the chain. A swap that got no answer, or whose retry was answered by a later try, is settled
    /// by a read.
    pub(crate) fn swap(&self, from: u32, to: u32) {
        let (old, new) = (from.to_string(), to.to_string());
        for _ in 0..30 {
            let swap = ["cas", "chain", "--expected", &old, &new, "--timeout", "3s"];
            if self.client(&swap).0 == 0
                || self.client(&["get", "chain", "--timeout", "3s"]) == said(0, &format!("{new}\n"))
            {
                return;
            }
        }
        panic!("{from} could not be swapped for {to}");
    }

    pub(crate) fn format(&self, id: usize) {
        self.format_as(id, &[]);
    }

    /// A new data directory, formatted with these options too.
    pub(crate) fn format_as(&self, id: usize, options: &[&str]) {
        let (data, id) = (self.data(id), id.to_string());
        let args = ["format", "--id", &id, "--data", data.to_str().unwrap()];
        let made = self.quorate(&[&args, options].concat());
        assert!(made.status.success(), "{made:?}");
    }

    pub(crate) fn restart(&mut self, id: usize) {
        self.restart_as(id, &[]);
    }

    /// Starts a node with these options too.
    pub(crate) fn restart_as(&mut self, id: usize, options: &[&str]) {
        let data = self.data(id);
        let mut command = self.command(&["run", "--data", data.to_str().unwrap()]);
        command.args(options);
        if let Some(address) = self.listen.get(id) {
            command.arg("--listen").arg(address.to_string());
        }
        let log = File::options().create(true).append(true).open(self.log_path(id)).unwrap();
        self.nodes[id] = Some(command.stderr(log).spawn().unwrap());
    }

    fn log_path(&self, id: usize) -> PathBuf {
        self.dir.path().join(format!("node-{id}.log"))
    }

    /// All that a node logged.
    pub(crate) fn log(&self, id: usize) -> String {
        std::fs::read_to_string(self.log_path(id)).unwrap()
    }

    /// Waits until a node has logged a line that satisfies `is_it`; that line.
    pub(crate) fn await_line(&self, id: usize, is_it: impl Fn(&str) -> bool) -> String {
        let begin = Instant::now();
        loop {
            let log = self.log(id);
            if let Some(line) = log.lines().rfind(|line| is_it(line)) {
                return line.to_owned();
            }
            assert!(
                begin.elapsed() < Duration::from_secs(20),
                "no such line of server {id}:\n{log}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn kill(&mut self, id: usize) {
        if let Some(mut node) = self.nodes[id].take() {
            node.kill().unwrap();
            node.wait().unwrap();
        }
    }

    /// Stops a node, or lets it go on: `-STOP`, `-CONT`.
    pub(crate) fn signal(&self, id: usize, signal: &str) {
        if let Some(node) = &self.nodes[id] {
            let pid = node.id().to_string();
            assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
        }
    }

    /// Takes a node's disk away, and lets it return as a newcomer.
    pub(crate) fn replace_disk(&mut self, id: usize) {
        self.kill(id);
        std::fs::remove_dir_all(self.data(id)).unwrap();
        self.format_as(id, &["--newcomer"]);
        for other in (0..self.nodes.len()).filter(|other| *other != id) {
            let data = self.data(other);
            let args = ["readmit", &id.to_string(), "--data", data.to_str().unwrap()];
            let done = self.quorate(&args);
            assert!(done.status.success(), "{done:?}");
        }
        self.restart(id);
    }

    /// Whether a node that was started has ended unexpectedly.
    pub(crate) fn has_failed(&mut self, id: usize) -> bool {
        self.nodes[id].as_mut().is_some_and(|node| node.try_wait().unwrap().is_some())
    }

    /// SIGTERM; the exit code.
    pub(crate) fn terminate(&mut self, id: usize) -> Option<i32> {
        let mut node = self.nodes[id].take().unwrap();
        let signalled = Command::new("kill").arg(node.id().to_string()).status().unwrap();
        assert!(signalled.success());
        node.wait().unwrap().code()
    }
}

impl Drop for Cluster {
    /// What the nodes logged goes with the directory, unless a test fails.
    fn drop(&mut self) {
        (0..self.nodes.len()).for_each(|id| self.kill(id));
        if std::thread::panicking() {
            (0..self.nodes.len()).for_each(|id| eprintln!("server {id}:\n{}", self.log(id)));
        }
    }
}

/// An exit code and what is printed.
pub(crate) fn said(code: i32, text: &str) -> (i32, String) {
    (code, text.to_owned())
}
