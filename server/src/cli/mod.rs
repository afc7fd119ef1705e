//! The program: `pilothouse serve`, and what helps on the machine itself.

mod serve;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, Overrides};

/// One sign-in, one policy and one audit trail in front of every Docker engine.
#[derive(Parser)]
#[command(name = "pilothouse", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the console, the API and the engine door.
    Serve(Overrides),
    /// Print the OpenAPI document of the REST API.
    Openapi,
}

/// Runs the program as its arguments say.
pub fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Serve(mut overrides) => {
            overrides.admin_password = std::env::var("PILOTHOUSE_ADMIN_PASSWORD").ok().filter(|password| !password.is_empty());
            match Config::load(overrides) {
                Ok(config) => serve::run(config),
                Err(mistakes) => fail(&mistakes),
            }
        }
        Command::Openapi => {
            say(&crate::openapi::document().to_string());
            ExitCode::SUCCESS
        }
    }
}

/// Prints each mistake on a line of its own.
fn fail(mistakes: &[String]) -> ExitCode {
    for mistake in mistakes {
        complain(mistake);
    }
    ExitCode::FAILURE
}

#[expect(clippy::print_stdout, reason = "what a command prints is its result")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "before the log is there")]
fn complain(text: &str) {
    eprintln!("pilothouse: {text}");
}
