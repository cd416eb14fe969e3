//! What a run measured, for people and for programs.

use super::load::{Keys, Load};
use super::tally::Tally;
use hdrhistogram::Histogram;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// A thread of the load generator that is busy for more than this share of the time may slow what
/// it measures.
const BUSY: f64 = 0.9;
/// More errors than this share of all requests, and a run measures something else.
const TOLERATED: f64 = 0.01;

/// Latencies, in microseconds.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say which percentile")]
pub struct Latency {
    /// How many requests.
    pub count: u64,
    pub mean_us: f64,
    pub p50_us: f64,
    pub p90_us: f64,
    pub p99_us: f64,
    pub p999_us: f64,
    pub max_us: f64,
}

/// What a run measured.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// How many clients asked.
    pub clients: usize,
    /// The length of a value.
    pub value_bytes: usize,
    /// How many of a hundred requests were gets.
    pub reads_percent: u8,
    /// The keys.
    #[serde(serialize_with = "as_text")]
    pub keys: Keys,
    /// How many records a request appended to a log; none, where it asked for a key of a map.
    pub batch: Option<usize>,
    /// Requests due in a second, in an open loop.
    pub rate: Option<f64>,
    /// How long it was measured.
    pub seconds: f64,
    /// How long the load lasted before that.
    pub warm_up_seconds: f64,
    /// Answers in a second, on average.
    pub ops_per_second: f64,
    /// Records that were acknowledged in a second, on average, where requests append to a log.
    pub records_per_second: Option<f64>,
    /// Latencies of all requests.
    #[serde(flatten)]
    pub latency: Latency,
    /// Those of gets, if there were any.
    pub reads: Option<Latency>,
    /// Those of puts, if there were any.
    pub writes: Option<Latency>,
    /// Requests that failed.
    pub errors: u64,
    /// Why they did.
    pub errors_by_kind: BTreeMap<&'static str, u64>,
    /// Transactions that were aborted, and asked for again.
    pub aborted: u64,
    /// Answers that said that a server is too busy; warm-up included.
    pub busy: u64,
    /// Requests that were sent once more; warm-up included.
    pub resent: u64,
    /// The share of the time for which the busiest thread of the load generator used a processor.
    pub generator_busy: f64,
    /// The processor time that the load generator used for a request, in microseconds.
    pub generator_us_per_op: f64,
    /// Answers in each second.
    pub per_second: Vec<u64>,
    /// All latencies, in nanoseconds.
    #[serde(skip)]
    pub histogram: Histogram<u64>,
}

fn as_text<S: Serializer>(keys: &Keys, serializer: S) -> Result<S::Ok, S::Error> {
    match keys {
        Keys::Of(count) => serializer.serialize_u64(*count as u64),
        Keys::New => serializer.collect_str(keys),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts and nanoseconds, for people")]
fn float(count: u64) -> f64 {
    count as f64
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let micros = |nanos: f64| rounded(nanos / 1000.0, 1);
        let at = |quantile| micros(float(histogram.value_at_quantile(quantile)));
        Self {
            count: histogram.len(),
            mean_us: micros(histogram.mean()),
            p50_us: at(0.5),
            p90_us: at(0.9),
            p99_us: at(0.99),
            p999_us: at(0.999),
            max_us: micros(float(histogram.max())),
        }
    }

    fn of_some(histogram: &Histogram<u64>) -> Option<Self> {
        (!histogram.is_empty()).then(|| Self::of(histogram))
    }
}

impl Summary {
    pub(super) fn new(load: &Load, tally: Tally) -> Self {
        let mut histogram = tally.reads.clone();
        // It has the same bounds.
        let _ = histogram.add(&tally.writes);
        let share =
            |(used, lasted): &(Duration, Duration)| used.as_secs_f64() / lasted.as_secs_f64();
        let used: Duration = tally.threads.iter().map(|(used, _)| *used).sum();
        let busiest = tally.threads.iter().map(share).fold(0.0, f64::max);
        let (seconds, answers) = (load.duration.as_secs_f64(), tally.per_second.iter().sum());
        Self {
            clients: load.clients,
            value_bytes: load.value_bytes,
            reads_percent: load.reads,
            keys: load.keys,
            batch: load.batch,
            rate: load.rate,
            seconds,
            warm_up_seconds: load.warm_up.as_secs_f64(),
            ops_per_second: rounded(float(answers) / seconds, 1),
            records_per_second: load
                .batch
                .map(|batch| rounded(float(answers * batch as u64) / seconds, 1)),
            latency: Latency::of(&histogram),
            reads: Latency::of_some(&tally.reads),
            writes: Latency::of_some(&tally.writes),
            errors: tally.errors.values().sum(),
            errors_by_kind: tally.errors,
            aborted: tally.aborted,
            busy: tally.busy,
            resent: tally.resent,
            generator_busy: rounded(busiest, 2),
            generator_us_per_op: rounded(used.as_secs_f64() * 1e6 / float(tally.answers.max(1)), 1),
            per_second: tally.per_second,
            histogram,
        }
    }

    /// Which share of the requests failed.
    pub fn error_share(&self) -> f64 {
        float(self.errors) / float((self.errors + self.latency.count).max(1))
    }

    /// Why the numbers should not be believed, if so.
    pub fn doubt(&self) -> Option<String> {
        if self.latency.count == 0 {
            return Some("no request was answered".into());
        }
        let share = self.error_share();
        (share > TOLERATED).then(|| {
            let kinds: Vec<String> =
                self.errors_by_kind.iter().map(|(why, count)| format!("{count} {why}")).collect();
            format!("{:.1} % of the requests failed: {}", share * 100.0, kinds.join(", "))
        })
    }

    /// In words and a table.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let loop_kind = match self.rate {
            Some(rate) => format!("open loop, {rate} a second"),
            None => "closed loop".into(),
        };
        let asks = match self.batch {
            Some(batch) => format!("records of {} bytes, {batch} in a batch", self.value_bytes),
            None => format!(
                "values of {} bytes, {} % gets, keys: {}",
                self.value_bytes, self.reads_percent, self.keys
            ),
        };
        let _ = writeln!(text, "{} clients, {asks}; {loop_kind}", self.clients);
        let _ = write!(
            text,
            "{} s after {} s of warm-up: {} answers a second",
            self.seconds, self.warm_up_seconds, self.ops_per_second
        );
        let records = self.records_per_second.map(|count| format!(", {count} records"));
        let _ = writeln!(text, "{}", records.unwrap_or_default());
        let _ = writeln!(
            text,
            "{:8}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "us", "count", "p50", "p90", "p99", "p99.9", "max"
        );
        let writes = if self.batch.is_some() { "batches" } else { "puts" };
        for (name, latency) in [("gets", &self.reads), (writes, &self.writes)] {
            if let Some(Latency { count, p50_us, p90_us, p99_us, p999_us, max_us, .. }) = latency {
                let _ = writeln!(
                    text,
                    "{name:8}{count:>10}{p50_us:>10}{p90_us:>10}{p99_us:>10}{p999_us:>10}{max_us:>10}"
                );
            }
        }
        let _ = write!(text, "errors: {}", self.errors);
        for (why, count) in &self.errors_by_kind {
            let _ = write!(text, ", {why} {count}");
        }
        let _ = writeln!(
            text,
            "; aborted and asked again: {}; busy: {}; sent again: {}",
            self.aborted, self.busy, self.resent
        );
        let _ = writeln!(
            text,
            "load generator: {} us of processor time a request, its busiest thread {:.0} % busy",
            self.generator_us_per_op,
            self.generator_busy * 100.0
        );
        if self.generator_busy > BUSY {
            text += "the load generator is near its limit: give it more --threads\n";
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::tally::tests::load;
    use super::*;
    use std::time::Instant;

    fn summary(answers: u64, errors: u64) -> Summary {
        summary_of(&load(), answers, errors)
    }

    fn summary_of(load: &Load, answers: u64, errors: u64) -> Summary {
        let begin = Instant::now();
        let mut tally = Tally::new(load, begin);
        let due = begin + Duration::from_millis(1500);
        (0..answers).for_each(|ms| tally.answered(due, due + Duration::from_millis(ms), false));
        (0..errors).for_each(|_| tally.failed(due, "no answer"));
        Summary::new(load, tally)
    }

    #[test]
    fn each_record_of_a_batch_counts() {
        let mut load = load();
        load.batch = Some(20);
        let summary = summary_of(&load, 100, 0);
        assert_eq!(summary.records_per_second, Some(1000.0));
        assert!(
            summary.text().contains("50 answers a second, 1000 records\n"),
            "{}",
            summary.text()
        );
    }

    #[test]
    fn a_summary_has_the_numbers_that_programs_read() {
        let json = serde_json::to_value(summary(100, 1)).unwrap();
        assert_eq!(json["count"], 100);
        assert_eq!(json["ops_per_second"], 50.0);
        assert_eq!(json["errors"], 1);
        assert_eq!(json["per_second"], serde_json::json!([100, 0]));
        assert!((49_000.0..51_000.0).contains(&json["p50_us"].as_f64().unwrap()), "{json}");
        assert!((98_900.0..99_100.0).contains(&json["max_us"].as_f64().unwrap()), "{json}");
        assert_eq!(json["reads"], serde_json::Value::Null);
        assert_eq!(json["keys"], 10);
        assert_eq!(json["records_per_second"], serde_json::Value::Null);
    }

    #[test]
    fn a_run_with_many_errors_or_without_answers_is_doubted() {
        assert_eq!(summary(100, 1).doubt(), None);
        assert!(summary(100, 2).doubt().unwrap().contains("2 no answer"));
        assert!(summary(0, 0).doubt().is_some());
    }
}
