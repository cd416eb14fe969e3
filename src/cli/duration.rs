//! Durations as arguments.

use std::time::Duration;

/// Parses a duration that is more than 0: a number with a unit, or of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match duration_or_none(text)? {
        Duration::ZERO => Err("it must be more than 0".into()),
        duration => Ok(duration),
    }
}

/// Parses a duration, which may be 0.
pub(super) fn duration_or_none(text: &str) -> Result<Duration, String> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        _ => return Err(format!("`{unit}` is not a unit; use ms, s or m")),
    };
    let seconds = number.parse::<f64>().map_err(|_| "write it as 500ms, 5s or 1m".to_owned())?;
    Duration::try_from_secs_f64(seconds * scale)
        .map_err(|_| "it must be neither negative nor astronomically long".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("5s"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("5"), Ok(Duration::from_secs(5)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration_or_none("0s"), Ok(Duration::ZERO));
        for wrong in ["", "s", "5h", "-1s", "0", "1e400", "9999999999999999999999999m"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
