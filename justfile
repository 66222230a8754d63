# Names for common commands; `just` is a convenience, nothing requires it.

# Lists the commands.
default:
    @just --list

# The whole gateway in one process, on http://127.0.0.1:8080.
local *flags:
    cargo run --release -p local -- {{flags}}

# The real function binaries behind one port, rebuilt as files change (needs cargo-lambda).
watch:
    cargo lambda watch --invoke-address 127.0.0.1 --concurrency 4

# All tests.
test *filter:
    cargo test --workspace {{filter}}

# Makes the files of a release in target/release-files, of the program alone (see `infra/dist`).
dist:
    infra/dist/build amd64
    infra/dist/build arm64
    infra/dist/package amd64 arm64

# Builds the functions for deployment into target/lambda (needs cargo-lambda).
build:
    cargo lambda build --profile deploy --arm64

# Deploys what was built (needs the SAM CLI; see `infra/README.md`).
deploy:
    sam deploy --template infra/template.yaml --capabilities CAPABILITY_IAM

# All checks that a change must pass before it lands.
check:
    .ci/run
