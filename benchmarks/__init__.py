"""Commands that measure what stands in docs/results.md."""
