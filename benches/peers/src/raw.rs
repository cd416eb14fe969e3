//! What the machine can do at best: one sync of a little, and one exchange of datagrams.

use crate::load::Failure;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::net::UdpSocket;
use std::path::Path;
use std::time::{Duration, Instant};

const BYTES: usize = 128;
const TIMES: usize = 2000;

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}

/// The median of one write and `fdatasync` of 128 bytes in a file that has its length already, in
/// microseconds.
pub fn fdatasync(dir: &Path) -> Result<f64, Failure> {
    let mut file = File::create(dir.join("fdatasync"))?;
    file.write_all(&vec![0; BYTES * TIMES])?;
    file.sync_all()?;
    file.seek(SeekFrom::Start(0))?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let begin = Instant::now();
        file.write_all(&[1; BYTES])?;
        file.sync_data()?;
        times.push(begin.elapsed());
    }
    Ok(median(times))
}

/// The median of sending 128 bytes to another thread over loopback and receiving them back, in
/// microseconds.
pub fn ping_pong() -> Result<f64, Failure> {
    let (here, there) = (UdpSocket::bind("127.0.0.1:0")?, UdpSocket::bind("127.0.0.1:0")?);
    here.connect(there.local_addr()?)?;
    there.connect(here.local_addr()?)?;
    here.set_read_timeout(Some(Duration::from_secs(1)))?;
    let echo = std::thread::spawn(move || -> std::io::Result<()> {
        let mut bytes = [0; BYTES];
        for _ in 0..TIMES {
            there.recv(&mut bytes)?;
            there.send(&bytes)?;
        }
        Ok(())
    });
    let mut times = Vec::new();
    let mut bytes = [2; BYTES];
    for _ in 0..TIMES {
        let begin = Instant::now();
        here.send(&bytes)?;
        here.recv(&mut bytes)?;
        times.push(begin.elapsed());
    }
    echo.join().map_err(|_| "the echo failed")??;
    Ok(median(times))
}
