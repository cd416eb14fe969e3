//! Kafka's in-sync replicas.

pub mod abstract_model;
