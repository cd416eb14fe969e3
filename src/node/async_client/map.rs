//! The map's operations on an [`AsyncClient`]: those of the blocking client, with the same limits.

use super::AsyncClient;
use crate::node::client::ClientError;
use crate::node::map_client::{Swapped, done, page, swapped, value};
use quorate_models::kv::machine::Value;
use quorate_models::kv::{Bytes, Op, Page, Range, Reply, limits};
use std::time::Duration;

impl<P: Value> AsyncClient<Op, Reply, P> {
    /// The value of `key`; `None` if it is absent.
    pub async fn get(&self, key: Bytes, deadline: Duration) -> Result<Option<Bytes>, ClientError> {
        self.checked(Op::Get { key }, deadline, value).await
    }

    /// Sets the value of `key`.
    pub async fn put(
        &self,
        key: Bytes,
        value: Bytes,
        deadline: Duration,
    ) -> Result<(), ClientError> {
        self.checked(Op::Put { key, value }, deadline, done).await
    }

    /// Removes `key`.
    pub async fn delete(&self, key: Bytes, deadline: Duration) -> Result<(), ClientError> {
        self.checked(Op::Delete { key }, deadline, done).await
    }

    /// Sets `key` to `new` (removes it, if that is `None`) if its value is `expected` (if it is
    /// absent, where that is `None`).
    pub async fn cas(
        &self,
        key: Bytes,
        expected: Option<Bytes>,
        new: Option<Bytes>,
        deadline: Duration,
    ) -> Result<Swapped, ClientError> {
        self.checked(Op::Cas { key, expected, new }, deadline, swapped).await
    }

    /// The first page of a range of keys, at one point in time: see
    /// [`Client::range`](crate::Client::range).
    pub async fn range(&self, range: Range, deadline: Duration) -> Result<Page, ClientError> {
        self.checked(Op::Range(range), deadline, page).await
    }

    /// The first page of all keys that begin with `prefix`, at most `limit` pairs.
    pub async fn prefix(
        &self,
        prefix: Bytes,
        limit: u32,
        deadline: Duration,
    ) -> Result<Page, ClientError> {
        self.range(Range::prefix(prefix, limit), deadline).await
    }

    async fn checked<T>(
        &self,
        op: Op,
        deadline: Duration,
        meant: fn(Reply) -> Result<T, Reply>,
    ) -> Result<T, ClientError> {
        limits::check(&op)?;
        let (reply, server) = self.ask(op, deadline).await?;
        meant(reply).map_err(|_| ClientError::Nonsense(server))
    }
}
