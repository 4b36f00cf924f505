"""One end of a channel, told as the spans of docs/contract.md with plain opentelemetry-sdk.

docs/other-languages.md explains it line by line; agent-shim/ does the same for Node.
"""
