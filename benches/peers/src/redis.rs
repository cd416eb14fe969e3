//! Redis: a primary and two replicas, `appendfsync always` at each; a put is `SET` and `WAIT 2`.

use crate::load::{Client, Failure, Measured, Run, closed_loop};
use crate::processes::{Processes, await_port, ports};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub async fn measure(dir: &Path, run: Run) -> Result<Measured, Failure> {
    let (_processes, port) = start(dir, "always").await?;
    let mut clients = Vec::new();
    for _ in 0..run.clients {
        clients.push(Redis::connect(port).await?);
    }
    closed_loop(clients, run).await
}

/// Starts them, which sync as `fsync` says, and waits until the replicas follow; the primary's port.
pub async fn start(dir: &Path, fsync: &str) -> Result<(Processes, u16), Failure> {
    let ports = ports(3)?;
    let mut commands = Vec::new();
    for (id, port) in ports.iter().enumerate() {
        let data = dir.join(format!("redis-{id}"));
        std::fs::create_dir(&data)?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "yes", "--appendfsync", fsync, "--dir"]).arg(&data);
        if id > 0 {
            command.args(["--replicaof", "127.0.0.1", &ports[0].to_string()]);
        }
        commands.push(command);
    }
    let processes = Processes::start(commands)?;
    ports.iter().try_for_each(|port| await_port(*port))?;
    let mut first = Redis::connect(ports[0]).await?;
    let mut tries = 0;
    while first.put("ready".into(), b"yes".to_vec()).await.is_err() {
        tries += 1;
        if tries == 100 {
            return Err("the replicas of Redis do not follow".into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok((processes, ports[0]))
}

pub struct Redis(BufReader<TcpStream>);

impl Redis {
    pub async fn connect(port: u16) -> Result<Self, Failure> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    /// Sends commands at once.
    pub async fn send(&mut self, commands: &[&[&[u8]]]) -> Result<(), Failure> {
        let bytes: Vec<u8> = commands.iter().flat_map(|words| command(words)).collect();
        Ok(self.0.write_all(&bytes).await?)
    }

    /// A reply of any shape: its texts and numbers, in order.
    pub async fn reply(&mut self) -> Result<Vec<Vec<u8>>, Failure> {
        let (mut flat, mut left) = (Vec::new(), 1_u64);
        while left > 0 {
            left -= 1;
            let line = self.line().await?;
            let (kind, rest) = line.split_at(1);
            match (kind, rest.parse::<u64>()) {
                ("*", Ok(count)) => left += count,
                ("$", Ok(length)) => {
                    let mut value = vec![0; length as usize + 2];
                    self.0.read_exact(&mut value).await?;
                    value.truncate(length as usize);
                    flat.push(value);
                }
                // Nothing.
                ("*" | "$", Err(_)) => {}
                _ => flat.push(rest.into()),
            }
        }
        Ok(flat)
    }

    async fn line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        self.0.read_line(&mut line).await?;
        if line.is_empty() || line.starts_with('-') {
            return Err(format!("Redis answered {line:?}").into());
        }
        Ok(line.trim_end().to_owned())
    }
}

fn command(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = format!("*{}\r\n", words.len()).into_bytes();
    for word in words {
        bytes.extend(format!("${}\r\n", word.len()).into_bytes());
        bytes.extend_from_slice(word);
        bytes.extend(b"\r\n");
    }
    bytes
}

impl Client for Redis {
    async fn put(&mut self, key: String, value: Vec<u8>) -> Result<(), Failure> {
        let mut bytes = command(&[b"SET", key.as_bytes(), &value]);
        bytes.extend(command(&[b"WAIT", b"2", b"1000"]));
        self.0.write_all(&bytes).await?;
        self.line().await?;
        match self.line().await?.as_str() {
            ":2" => Ok(()),
            other => Err(format!("WAIT 2 answered {other}").into()),
        }
    }

    async fn get(&mut self, key: String) -> Result<(), Failure> {
        self.0.write_all(&command(&[b"GET", key.as_bytes()])).await?;
        let line = self.line().await?;
        if let Some(length) = line.strip_prefix('$').and_then(|length| length.parse::<usize>().ok())
        {
            let mut value = vec![0; length + 2];
            self.0.read_exact(&mut value).await?;
        }
        Ok(())
    }
}
