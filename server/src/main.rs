//! The program `sallyport`: reads the command line and says in one sentence what went wrong.

use std::process::ExitCode;

use clap::Parser;
use server::command::Line;

#[tokio::main]
async fn main() -> ExitCode {
    match Line::parse().run().await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sallyport: {error:#}");
            ExitCode::FAILURE
        }
    }
}
