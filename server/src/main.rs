fn main() -> std::process::ExitCode {
    pilothouse::cli::main()
}
