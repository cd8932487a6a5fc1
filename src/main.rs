//! The program `mandant`: everything is in the library.

fn main() -> std::process::ExitCode {
    mandant::cli::run()
}
