//! The suite's format, and its parser.
//!
//! A line that starts at the margin is a statement; the indented lines below it belong to it; `#` starts a comment line.
//!
//! | statement | meaning |
//! |---|---|
//! | `$ WORDS` | run `docker WORDS` |
//! | `sh COMMAND` | run a shell command in the working folder: to look at what an invocation left there |
//! | `file PATH` | write the indented lines to a file |
//! | `random PATH SIZE` | write so many megabytes of noise, the same in every pass |
//! | `time NAME` | keep the present time in `${NAME}` |
//! | `finish NAME` | wait for what runs in the background |
//! | `interrupt NAME` | the same, after a SIGINT |
//!
//! | below `$` and `sh` | meaning |
//! |---|---|
//! | `stdin "TEXT"` | standard input is a pipe with this text, closed after it; without any, it is `/dev/null` |
//! | `stdin-file PATH` | standard input is this file |
//! | `type "TEXT"` `wait "TEXT"` `close` | a dialogue in this order: write to the pipe, wait for new output, end the input |
//! | `pty` | standard input, output and error are a terminal of 80 by 24 |
//! | `background NAME` | go on once the dialogue is over |
//! | `until REGEX` | run again, until the (blanked) standard output is like this |
//! | `pipe COMMAND` | standard output goes through this shell command |
//! | `keep NAME` | keep standard output in `${NAME}`, for the words of later statements |
//! | `env NAME=VALUE` | one more variable in the environment |
//! | `exit CODE` | how it is to end; 0 if not said, `any` if it does not matter |
//! | `shows "TEXT"` | what standard output or error must have, so that two equal mistakes do not pass |
//! | `deadline SECONDS` | how long it may take: 60 if not said |
//! | `only 20.10` | for command lines of this version only |
//! | `exact` `numbers` `sort` `unique` `drop REGEX` `blank REGEX` | see [`super::blank`] |
//!
//! Words are split as a shell does: `'as is'`, `"with ${NAME} and \n \r \t \e \xHH"`, and a bare `${NAME}` may become
//! several words or none. `${registry}` and `${work}` are given.

use super::blank::Blank;
use regex::Regex;
use std::collections::HashMap;
use std::time::Duration;

pub type Variables = HashMap<String, String>;

/// One statement and where it stands.
pub struct Step {
    pub place: String,
    pub only: Option<String>,
    pub action: Action,
}

pub enum Action {
    Run(Box<Invocation>),
    File { path: String, text: String },
    Random { path: String, megabytes: usize },
    Time(String),
    Finish { name: String, interrupt: bool },
}

/// A command and all that is said about it.
pub struct Invocation {
    /// The words of `docker`, or the line for a shell.
    pub line: String,
    pub shell: bool,
    pub stdin_file: Option<String>,
    pub dialogue: Vec<Turn>,
    pub pty: bool,
    pub background: Option<String>,
    pub until: Option<Regex>,
    pub pipe: Option<String>,
    pub keep: Option<String>,
    pub env: Vec<(String, String)>,
    pub exit: Option<i32>,
    pub shows: Vec<String>,
    pub deadline: Duration,
    pub blank: Blank,
}

/// One turn of a dialogue with a running command.
pub enum Turn {
    Type(String),
    Wait(String),
    Close,
}

impl Invocation {
    fn new(line: &str, shell: bool) -> Invocation {
        Invocation {
            line: line.into(),
            shell,
            stdin_file: None,
            dialogue: Vec::new(),
            pty: false,
            background: None,
            until: None,
            pipe: None,
            keep: None,
            env: Vec::new(),
            exit: Some(0),
            shows: Vec::new(),
            deadline: Duration::from_secs(60),
            blank: Blank::default(),
        }
    }

    /// The command as a person would type it.
    pub fn title(&self) -> String {
        if self.shell { self.line.clone() } else { format!("docker {}", self.line) }
    }
}

/// Reads one area. A mistake is reported with its place.
pub fn parse(name: &str, text: &str) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", number + 1);
        let read = match line.strip_prefix("    ") {
            Some(below) => match steps.last_mut() {
                Some(step) => belongs(step, below),
                None => Err("an indented line before any statement".into()),
            },
            None if line.trim().is_empty() || line.starts_with('#') => Ok(()),
            None => statement(line).map(|mut action| {
                if let Action::Run(invocation) = &mut action {
                    invocation.blank.swarm = name == "swarm.txt";
                }
                steps.push(Step { place: place.clone(), only: None, action });
            }),
        };
        read.map_err(|mistake| format!("{place}: {mistake}: {line}"))?;
    }
    Ok(steps)
}

fn statement(line: &str) -> Result<Action, String> {
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    let rest = rest.trim();
    Ok(match verb {
        "$" => Action::Run(Box::new(Invocation::new(rest, false))),
        "sh" => Action::Run(Box::new(Invocation::new(rest, true))),
        "file" => Action::File { path: rest.into(), text: String::new() },
        "random" => {
            let (path, size) = rest.split_once(' ').ok_or("`random PATH SIZE` wants both")?;
            Action::Random { path: path.into(), megabytes: number(size)? }
        }
        "time" => Action::Time(rest.into()),
        "finish" | "interrupt" => Action::Finish { name: rest.into(), interrupt: verb == "interrupt" },
        _ => return Err("no such statement".into()),
    })
}

fn belongs(step: &mut Step, below: &str) -> Result<(), String> {
    if let Action::File { text, .. } = &mut step.action {
        text.push_str(below);
        text.push('\n');
        return Ok(());
    }
    let (word, rest) = below.trim().split_once(' ').unwrap_or((below.trim(), ""));
    let rest = rest.trim();
    if word == "only" {
        step.only = Some(rest.into());
        return Ok(());
    }
    let Action::Run(run) = &mut step.action else {
        return Err("only a command can have this below it".into());
    };
    match word {
        "stdin" => run.dialogue.extend([Turn::Type(quoted(rest)?), Turn::Close]),
        "stdin-file" => run.stdin_file = Some(rest.into()),
        "type" => run.dialogue.push(Turn::Type(quoted(rest)?)),
        "wait" => run.dialogue.push(Turn::Wait(quoted(rest)?)),
        "close" => run.dialogue.push(Turn::Close),
        "pty" => run.pty = true,
        "background" => run.background = Some(rest.into()),
        "until" => run.until = Some(regex(rest)?),
        "pipe" => run.pipe = Some(rest.into()),
        "keep" => run.keep = Some(rest.into()),
        "env" => {
            let (name, value) = rest.split_once('=').ok_or("`env NAME=VALUE` wants both")?;
            run.env.push((name.into(), value.into()));
        }
        "exit" if rest == "any" => run.exit = None,
        "exit" => run.exit = Some(number(rest)?),
        "shows" => run.shows.push(quoted(rest)?),
        "deadline" => run.deadline = Duration::from_secs(number(rest)?),
        "exact" => run.blank.exact = true,
        "numbers" => run.blank.numbers = true,
        "sort" => run.blank.sort = true,
        "unique" => run.blank.unique = true,
        "drop" => run.blank.drop.push(regex(rest)?),
        "blank" => run.blank.more.push(regex(rest)?),
        _ => return Err("no such directive".into()),
    }
    Ok(())
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a number"))
}

fn regex(text: &str) -> Result<Regex, String> {
    Regex::new(text).map_err(|error| error.to_string())
}

fn quoted(text: &str) -> Result<String, String> {
    match words(text, &Variables::new())?.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err("one quoted text is wanted".into()),
    }
}

/// Splits a line as a shell does.
pub fn words(line: &str, variables: &Variables) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    // None between words: `''` is a word too.
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (Some('"'), '\\') => word.get_or_insert_default().push(escape(&mut rest)?),
            (None | Some('"'), '$') if rest.as_str().starts_with('{') => {
                let name: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                let value = variables.get(&name).ok_or_else(|| format!("nothing is kept in ${{{name}}}"))?;
                if quote.is_some() {
                    word.get_or_insert_default().push_str(value);
                    continue;
                }
                for (at, part) in value.split_whitespace().enumerate() {
                    if at > 0 {
                        words.extend(word.take());
                    }
                    word.get_or_insert_default().push_str(part);
                }
            }
            _ => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".into());
    }
    words.extend(word);
    Ok(words)
}

fn escape(rest: &mut std::str::Chars<'_>) -> Result<char, String> {
    Ok(match rest.next() {
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('e') => '\x1b',
        Some('x') => {
            let digits: String = rest.by_ref().take(2).collect();
            char::from(u8::from_str_radix(&digits, 16).map_err(|_| format!("`\\x{digits}` is not a byte"))?)
        }
        Some(c @ ('\\' | '"' | '$')) => c,
        other => return Err(format!("`\\{}` is no escape", other.unwrap_or(' '))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_does() {
        let kept = Variables::from([("ids".into(), "a b".into()), ("none".into(), String::new())]);
        let split = |line| words(line, &kept);
        assert_eq!(
            split(r#"run -e 'A=${ids}' "x ${ids}\n" ''"#),
            Ok(vec!["run".into(), "-e".into(), "A=${ids}".into(), "x a b\n".into(), "".into()])
        );
        assert_eq!(split("rm ${ids} ${none} z${ids}"), Ok(vec!["rm".into(), "a".into(), "b".into(), "za".into(), "b".into()]));
        assert!(split("rm ${gone}").is_err());
        assert!(split("rm 'x").is_err());
    }

    #[test]
    fn a_mistake_is_reported_with_its_place() {
        let read = |text| parse("a.txt", text).map(|steps| steps.len());
        assert_eq!(read("# why\n$ ps\n    exit 1\n\nfile x/y\n    text\n"), Ok(2));
        assert_eq!(read("$ ps\n    exti 1\n"), Err("a.txt:2: no such directive:     exti 1".into()));
    }
}
