//! The binary: hands over to [`chronotype::cli`].

fn main() -> std::process::ExitCode {
    chronotype::cli::main()
}
