//! Tries the crate object_store in one cell. Prints a JSON line for each check; with `--list` the names of the checks.

mod cell;
mod checks;

use std::process::ExitCode;
use std::time::Instant;

use cell::{Cell, Outcome};
use checks::Checks;
use serde_json::json;

const NAMES: [&str; 13] = [
    "small object with attributes",
    "empty object",
    "parts",
    "stream of unknown length",
    "checksums",
    "ranges",
    "odd keys",
    "copies",
    "conditional writes",
    "listing in pages",
    "deletion in batches",
    "refusals are told by kind",
    "presigned urls",
];

async fn run(checks: &Checks, name: &str) -> Outcome {
    match name {
        "small object with attributes" => checks.small().await,
        "empty object" => checks.empty().await,
        "parts" => checks.parts().await,
        "stream of unknown length" => checks.stream().await,
        "checksums" => checks.checksums().await,
        "ranges" => checks.ranges().await,
        "odd keys" => checks.odd_keys().await,
        "copies" => checks.copies().await,
        "conditional writes" => checks.conditional_writes().await,
        "listing in pages" => checks.listing().await,
        "deletion in batches" => checks.deletion().await,
        "refusals are told by kind" => checks.refusals().await,
        "presigned urls" => checks.presigned().await,
        _ => Err("no such check".into()),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == "--list") {
        println!("{}", json!(NAMES));
        return ExitCode::SUCCESS;
    }
    let checks = match Cell::from_environment().and_then(Checks::new) {
        Ok(checks) => checks,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::from(2);
        }
    };
    let mut code = ExitCode::SUCCESS;
    for name in NAMES {
        let started = Instant::now();
        let outcome = run(&checks, name).await;
        let ok = outcome.is_ok();
        if !ok {
            code = ExitCode::FAILURE;
        }
        let detail = outcome.unwrap_or_else(|error| format!("{error} ({error:?})").chars().take(2000).collect());
        println!(
            "{}",
            json!({ "name": name, "ok": ok, "ms": started.elapsed().as_millis() as u64, "detail": detail })
        );
    }
    code
}
