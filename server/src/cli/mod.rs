//! The program: `pilothouse serve`, and what helps on the machine itself.

mod audit;
mod connect;
mod kept;
mod login;
mod serve;
mod site;
mod trust;

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
    /// Sign in to a Pilothouse elsewhere, by a code that is entered in the browser.
    Login(login::Login),
    /// Point docker at the engines you may reach there.
    Connect(connect::Connect),
    /// End the sign-in, and take back what docker was given.
    Logout,
    /// Look after the audit trail, on the machine itself.
    #[command(subcommand)]
    Audit(audit::Audit),
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
        Command::Login(asked) => remote(login::login(asked)),
        Command::Connect(asked) => remote(connect::connect(asked)),
        Command::Logout => remote(login::logout()),
        Command::Audit(command) => audit::run(command),
        Command::Openapi => {
            say(&crate::openapi::document().to_string());
            ExitCode::SUCCESS
        }
    }
}

/// Does what is about a Pilothouse elsewhere.
fn remote(work: impl Future<Output = Result<(), String>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&[format!("No runtime: {error}.")]),
    };
    match runtime.block_on(work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(mistake) => fail(&[mistake]),
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

/// Asks something, on the same line as the answer.
#[expect(clippy::print_stderr, reason = "a question is no result")]
fn ask(text: &str) {
    eprint!("{text}");
}

#[expect(clippy::print_stderr, reason = "before the log is there")]
fn complain(text: &str) {
    eprintln!("pilothouse: {text}");
}
