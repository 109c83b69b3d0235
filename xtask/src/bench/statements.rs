//! How many SQL statements an act is: counted in what the server writes down when it is told to write down each.

use serde::Deserialize;

/// What makes the server write down every statement, with the number of the request that it is for.
pub const LOG: [(&str, &str); 2] = [("SALLYPORT_LOG_FORMAT", "json"), ("SALLYPORT_LOG_LEVEL", "info,sqlx=debug")];

/// The part of a line of the log that counts here.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    target: String,
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
struct Span {
    id: Option<String>,
}

/// The statements of the request that was sent under this number; not the `begin` and `commit` around them.
pub fn count(log: &str, number: &str) -> u64 {
    let of_it = |line: &&str| {
        serde_json::from_str::<Line>(line).is_ok_and(|line| {
            line.target.starts_with("sqlx::query") && line.spans.iter().any(|it| it.id.as_deref() == Some(number))
        })
    };
    log.lines().filter(of_it).fold(0, |count, _| count + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_statements_of_that_request_count() {
        let log = r#"
            {"level":"DEBUG","summary":"select 1","target":"sqlx::query","spans":[{"id":"bench-ask","name":"request"}]}
            {"level":"DEBUG","summary":"select 2","target":"sqlx::query","spans":[{"id":"bench-inbox","name":"request"}]}
            {"level":"DEBUG","summary":"select 3","target":"sqlx::query"}
            {"level":"INFO","message":"answered","target":"server::guard","spans":[{"id":"bench-ask","name":"request"}]}
            not JSON
            {"level":"DEBUG","summary":"insert","target":"sqlx::query","spans":[{"id":"bench-ask","name":"request"},{"name":"call"}]}
        "#;
        assert_eq!(count(log, "bench-ask"), 2);
        assert_eq!(count(log, "bench-access"), 0);
    }
}
