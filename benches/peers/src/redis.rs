//! Redis: a primary and two replicas, `appendfsync always` at each; a put is `SET` and `WAIT 2`.

use crate::load::{Client, Failure, Measured, Run, closed_loop};
use crate::processes::{Processes, await_port, ports};
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

pub async fn measure(dir: &Path, run: Run) -> Result<Measured, Failure> {
    let ports = ports(3)?;
    let mut commands = Vec::new();
    for (id, port) in ports.iter().enumerate() {
        let data = dir.join(format!("redis-{id}"));
        std::fs::create_dir(&data)?;
        let mut command = Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""]);
        command.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(&data);
        if id > 0 {
            command.args(["--replicaof", "127.0.0.1", &ports[0].to_string()]);
        }
        commands.push(command);
    }
    let _processes = Processes::start(commands)?;
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
    let mut clients = Vec::new();
    for _ in 0..run.clients {
        clients.push(Redis::connect(ports[0]).await?);
    }
    closed_loop(clients, run).await
}

struct Redis(BufReader<TcpStream>);

impl Redis {
    async fn connect(port: u16) -> Result<Self, Failure> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
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
