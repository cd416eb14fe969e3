//! One process of a local cluster.

use super::error::{LocalError, at, system};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A server's data directory and log, and its process if it runs.
pub(super) struct Node {
    data: PathBuf,
    log: PathBuf,
    listen: Option<SocketAddr>,
    /// By how many milliseconds its clock is ahead.
    shift: i64,
    /// It stops when its standard input ends, which it does at the latest when this process does.
    process: Option<Child>,
}

impl Node {
    pub(super) fn new(data: PathBuf, log: PathBuf, listen: Option<SocketAddr>) -> Self {
        Self { data, log, listen, shift: 0, process: None }
    }

    /// Sets its clock forward or back, from its next start on.
    pub(super) fn shift_clock(&mut self, milliseconds: i64) {
        self.shift = milliseconds;
    }

    pub(super) fn start(&mut self, program: &Path, file: &Path) -> Result<(), LocalError> {
        let log = File::options().append(true).open(&self.log).map_err(at("open", &self.log))?;
        let mut command = Command::new(program);
        command.args([Path::new("run"), Path::new("--cluster"), file]);
        command.args([Path::new("--data"), &self.data, Path::new("--stop-with-parent")]);
        command.args(["--fail-syncs", &format!("--shift-clock={}", self.shift)]);
        if let Some(address) = self.listen {
            command.arg("--listen").arg(address.to_string());
        }
        let process = command.stdin(Stdio::piped()).stderr(log).spawn();
        self.process = Some(process.map_err(at("start", program))?);
        Ok(())
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    pub(super) fn log(&self) -> &Path {
        &self.log
    }

    pub(super) fn process(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    pub(super) fn runs(&mut self) -> bool {
        self.process.as_mut().is_some_and(|process| matches!(process.try_wait(), Ok(None)))
    }

    /// How its process ended, if it ended unexpectedly and that was not reported yet.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.process.as_mut()?.try_wait().ok()??;
        self.process = None;
        Some(status)
    }

    pub(super) fn signal(&self, signal: Signal) {
        // A process that is not waited for yet keeps its id.
        let pid = self.process().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        if let Some(pid) = pid {
            let _ = kill_process(pid, signal);
        }
    }

    pub(super) fn limit_disk(&self, room: u64) -> Result<(), LocalError> {
        let Some(pid) = self.process().and_then(|pid| Pid::from_raw(pid.cast_signed())) else {
            return Ok(());
        };
        let files = std::fs::read_dir(&self.data).map_err(at("read", &self.data))?;
        let files = files.filter_map(|file| Some(file.ok()?.path()));
        let most = files.map(|file| content_end(&file)).max().unwrap_or(0) + room;
        // A write beyond it fails where the file is that long already, too.
        let limit = Rlimit { current: Some(most), maximum: None };
        let done = prlimit(Some(pid), Resource::Fsize, limit);
        done.map(drop).map_err(|error| system("limit the size of files")(error.into()))
    }

    /// Lets the next sync of its log fail.
    pub(super) fn fail_sync(&self) {
        self.signal(Signal::USR1);
    }

    /// The bytes of memory that its process holds, if it runs and the system says.
    pub(super) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? * 1024)
    }

    /// The bytes that its data directory takes on the disk.
    pub(super) fn disk(&self) -> u64 {
        let files = std::fs::read_dir(&self.data).into_iter().flatten();
        files.filter_map(|file| Some(file.ok()?.metadata().ok()?.blocks() * 512)).sum()
    }

    pub(super) fn ask_to_stop(&mut self) {
        if let Some(process) = &mut self.process {
            drop(process.stdin.take());
        }
    }

    pub(super) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Where the content of a file ends: a log has its space before it needs it, as zeros.
fn content_end(file: &Path) -> u64 {
    let content = std::fs::read(file).unwrap_or_default();
    content.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
}
