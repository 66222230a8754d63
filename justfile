# Names for the commands that people type; `just` is a convenience, nothing needs it.

# What can be done.
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

# The functions as they are deployed, in target/lambda (needs cargo-lambda).
build:
    cargo lambda build --profile deploy --arm64

# What was built, into the cloud (needs the SAM CLI; `infra/README.md` says the rest).
deploy:
    sam deploy --template infra/template.yaml --capabilities CAPABILITY_IAM

# Everything that must hold before a change lands.
check:
    .ci/run
